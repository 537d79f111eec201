use burn::tensor::{Device, TensorData};
use kernels::reference;
use proptest::prelude::*;
use spaces::{Arithmetic, Linear};

use super::super::window::window_layer;
use super::*;

/// Numbers in [−2, 2] that differ from element to element.
fn wave(length: usize, step: f32) -> Vec<f32> {
    (0..length).map(|at| 2.0 * (at as f32 * step).sin()).collect()
}

fn tensor(values: Vec<f32>, shape: [usize; 4]) -> burn::Tensor<4> {
    burn::Tensor::from_data(TensorData::new(values, shape), &Device::libtorch().autodiff())
}

fn read(tensor: burn::Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn close(found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        // Sums of at most 75 terms of magnitude 8 in single precision.
        assert!((found - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
    }
}

/// A window with its numbers: x, w and the upstream gradient g.
#[derive(Debug)]
struct Case {
    window: Window,
    x: Vec<f32>,
    w: Vec<f32>,
    g: Vec<f32>,
}

impl Case {
    fn of(window: Window) -> Self {
        let (x, w) = (wave(window.input_len(), 0.7), wave(window.weight_len(), 1.3));
        Self { window, x, w, g: wave(window.output_len(), 2.1) }
    }

    fn linear(&self, arithmetic: Arithmetic) -> Linear {
        let Window { kernel, stride, padding, groups, .. } = self.window;
        Linear { arithmetic, kernel, stride, padding, groups, bias: false }
    }

    /// Returns y, dX and dW of the layer on LibTorch.
    fn computed(&self, arithmetic: Arithmetic) -> [Vec<f32>; 3] {
        let x = tensor(self.x.clone(), self.window.input_shape()).require_grad();
        let w = tensor(self.w.clone(), self.window.weight_shape()).require_grad();
        let g = tensor(self.g.clone(), self.window.output_shape());
        let y = window_layer(x.clone(), w.clone(), &self.linear(arithmetic), None);
        let gradients = (y.clone() * g).sum().backward();
        [read(y), read(x.grad(&gradients).unwrap()), read(w.grad(&gradients).unwrap())]
    }

    /// Returns y, dX and dW by the plain loops.
    fn wanted(&self, arithmetic: Arithmetic) -> [Vec<f32>; 3] {
        let Self { window, x, w, g } = self;
        match arithmetic {
            Arithmetic::Add => [
                reference::forward(window, x, w),
                reference::input_gradient(window, x, w, g),
                reference::weight_gradient(window, x, w, g),
            ],
            Arithmetic::Multiply | Arithmetic::Shift => [
                reference::product(window, x, w),
                reference::product_input_gradient(window, w, g),
                reference::product_weight_gradient(window, x, g),
            ],
        }
    }
}

/// Groups of one channel each are depth-wise windows.
fn windows() -> impl Strategy<Value = Window> {
    let channels = (1..4_usize, 1..4_usize, 1..4_usize);
    let map = (3..8_usize, 3..8_usize, prop::sample::select(vec![1_usize, 2, 3]), 1..4_usize, 0..2_usize);
    (1..3_usize, channels, map).prop_map(
        |(batch, (inputs, outputs, groups), (height, width, kernel, stride, padding))| {
            let (in_channels, out_channels) = (inputs * groups, outputs * groups);
            Window { batch, in_channels, out_channels, height, width, kernel, stride, padding, groups }
        },
    )
}

const DEPTH_WISE: Window = Window {
    batch: 2,
    in_channels: 5,
    out_channels: 5,
    height: 7,
    width: 6,
    kernel: 3,
    stride: 2,
    padding: 1,
    groups: 5,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_law_and_its_gradients_are_those_of_the_plain_loops(window in windows()) {
        let case = Case::of(window);
        for arithmetic in [Arithmetic::Add, Arithmetic::Multiply] {
            for (found, wanted) in case.computed(arithmetic).iter().zip(case.wanted(arithmetic)) {
                close(found, &wanted);
            }
        }
    }

    /// What CUDA tensors of add layers go through, on the CPU.
    #[test]
    fn distances_of_patches_are_the_ungrouped_add_layer(window in windows()) {
        let window = Window { groups: 1, ..window };
        let Case { x, w, .. } = Case::of(window);
        let raw = |values: &[f32], shape: [usize; 4]| Tensor::from_slice(values).reshape(shape.map(|size| size as i64));
        let distances = distances(&window, &raw(&x, window.input_shape()), &raw(&w, window.weight_shape()));
        let found = TchTensor::new(distances.neg());
        close(&values(&found), &reference::forward(&window, &x, &w));
    }
}

#[test]
fn depth_wise_windows_are_those_of_the_plain_loops() {
    let case = Case::of(DEPTH_WISE);
    for arithmetic in [Arithmetic::Add, Arithmetic::Multiply] {
        for (found, wanted) in case.computed(arithmetic).iter().zip(case.wanted(arithmetic)) {
            close(found, &wanted);
        }
    }
}

/// Pictures that lie in memory with rows and columns exchanged.
#[test]
fn a_view_with_other_strides_gives_the_values_it_shows() {
    let case = Case::of(DEPTH_WISE);
    let [batch, channels, height, width] = DEPTH_WISE.input_shape();
    let straight = tensor(case.x.clone(), DEPTH_WISE.input_shape());
    let upright = tensor(read(straight.clone().swap_dims(2, 3)), [batch, channels, width, height]);
    let view = upright.swap_dims(2, 3);
    let w = tensor(case.w.clone(), DEPTH_WISE.weight_shape());
    let g = tensor(case.g.clone(), DEPTH_WISE.output_shape());
    for arithmetic in [Arithmetic::Add, Arithmetic::Multiply] {
        let view = view.clone().detach().require_grad();
        let weight = w.clone().require_grad();
        let y = window_layer(view.clone(), weight.clone(), &case.linear(arithmetic), None);
        let gradients = (y.clone() * g.clone()).sum().backward();
        let found = [read(y), read(view.grad(&gradients).unwrap()), read(weight.grad(&gradients).unwrap())];
        for (found, wanted) in found.iter().zip(case.wanted(arithmetic)) {
            close(found, &wanted);
        }
    }
}

#[test]
fn only_tensors_that_are_no_slice_of_floats_are_copied() {
    let whole = TchTensor::new(Tensor::from_slice(&wave(24, 0.7)).reshape([2, 3, 4]));
    assert!(matches!(values(&whole), Cow::Borrowed(_)));
    let second = TchTensor::new(whole.tensor.narrow(0, 1, 1));
    assert_eq!(values(&second), Cow::<[f32]>::Borrowed(&wave(24, 0.7)[12..]));
    let turned = TchTensor::new(whole.tensor.transpose(0, 2));
    assert!(matches!(values(&turned), Cow::Owned(_)));
    assert_eq!(values(&turned)[..3], [0, 12, 4].map(|at| wave(24, 0.7)[at]));
    let double = TchTensor::new(whole.tensor.to_kind(Kind::Double));
    assert_eq!(values(&double), values(&whole));
    assert!(values(&TchTensor::new(whole.tensor.narrow(0, 0, 0))).is_empty());
}
