//! Numbers of a backend's tensor on the host, and back.

use burn::backend::Backend;
use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, TensorData, try_read_sync};
use burn_flex::FlexTensor;
use kernels::product::Matrix;

/// Returns the values of a tensor in row-major order.
pub(super) fn values<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    let data = try_read_sync(B::float_into_data(tensor)).expect("native targets read synchronously");
    let data = data.expect("the device finished the work it accepted").convert::<f32>();
    data.try_into_vec().expect("the data was just converted to f32")
}

/// Returns the values of a tensor of the host's own backend where they are, in row-major order.
pub(super) fn slice(contiguous: &FlexTensor) -> &[f32] {
    contiguous.as_slice().expect("the tensor is contiguous and holds f32")
}

/// Returns a tensor of the values on the device of `like`.
pub(super) fn tensor<B: Backend>(values: Vec<f32>, shape: &[usize], device: &B::Device) -> FloatTensor<B> {
    B::float_from_data(TensorData::new(values, shape.to_vec()), device)
}

/// Returns the four sizes of a rank-4 tensor.
pub(super) fn sizes<B: Backend>(tensor: &FloatTensor<B>) -> [usize; 4] {
    let shape = tensor.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// Returns a tensor of the values on the host's own backend.
pub(super) fn flex(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}

/// Returns whether tensors of a device are in the host's own memory, where the kernels of the project read them.
pub(super) fn is_own(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// Returns a tensor of the host's own backend whose values alone lie in its memory, in row-major order.
pub(super) fn owned(tensor: FlexTensor) -> FlexTensor {
    let tensor = tensor.to_contiguous();
    let length = tensor.shape().num_elements();
    match tensor.layout().start_offset() == 0 && tensor.bytes().len() == length * size_of::<f32>() {
        true => tensor,
        false => flex(slice(&tensor).to_vec(), &tensor.shape()),
    }
}

/// Returns a tensor of two axes of the host's own backend where it is.
pub(super) fn matrix(tensor: &FlexTensor) -> Matrix<'_> {
    let layout = tensor.layout();
    let (shape, strides) = (layout.shape(), layout.strides());
    let strides = [0, 1].map(|axis| usize::try_from(strides[axis]).expect("no tensor here is flipped"));
    Matrix::new(&tensor.storage()[layout.start_offset()..], [shape[0], shape[1]], strides)
}
