use burn::Tensor;
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{Device, DeviceType, TensorData};
use kernels::reference;

use super::*;
use crate::device::usable;

/// Every CubeCL device of this machine that the features can reach and that can share memory between units.
#[expect(clippy::print_stderr, reason = "a test that checks nothing says so")]
fn devices() -> Vec<Device> {
    let types = [
        #[cfg(feature = "cuda")]
        DeviceType::Cuda,
        #[cfg(feature = "vulkan")]
        DeviceType::Vulkan,
    ];
    let devices: Vec<Device> = types.into_iter().flat_map(usable).collect();
    if devices.is_empty() {
        eprintln!("skipped: no CubeCL device with shared memory found on this machine");
    }
    devices
}

const SMALL: Window = Window {
    batch: 2,
    in_channels: 6,
    out_channels: 10,
    height: 7,
    width: 5,
    kernel: 3,
    stride: 1,
    padding: 1,
    groups: 1,
};

/// Values in [−2, 2) that differ from element to element.
fn values(length: usize, seed: u64) -> Vec<f32> {
    let mut state = seed << 1 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 22) as f32 - 2.0
    };
    (0..length).map(|_| next()).collect()
}

struct Sample {
    window: Window,
    input: Vec<f32>,
    weight: Vec<f32>,
    upstream: Vec<f32>,
}

impl Sample {
    fn new(window: Window) -> Self {
        Self {
            window,
            input: values(window.input_len(), 1),
            weight: values(window.weight_len(), 2),
            upstream: values(window.output_len(), 3),
        }
    }

    /// Returns Y, dX and dW of the plain loops.
    fn wanted(&self) -> [Vec<f32>; 3] {
        let Self { window, input, weight, upstream } = self;
        [
            reference::forward(window, input, weight),
            reference::input_gradient(window, input, weight, upstream),
            reference::weight_gradient(window, input, weight, upstream),
        ]
    }

    /// Returns Y, dX and dW of a device.
    fn found(&self, device: &Device) -> [Vec<f32>; 3] {
        let tensor = |values: &Vec<f32>, shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values.clone(), shape), device).into_dispatch()
        };
        let (window, law) = (self.window, Law::Add(None));
        let input = || tensor(&self.input, window.input_shape());
        let weight = || tensor(&self.weight, window.weight_shape());
        let upstream = || tensor(&self.upstream, window.output_shape());
        [
            (Dispatch::slide(input(), weight(), window, law), window.output_shape()),
            (Dispatch::slide_input_gradient(input(), weight(), upstream(), window, law), window.input_shape()),
            (Dispatch::slide_weight_gradient(input(), weight(), upstream(), window, law), window.weight_shape()),
        ]
        .map(|(tensor, shape)| read(tensor, shape))
    }
}

fn read(tensor: DispatchTensor, shape: [usize; 4]) -> Vec<f32> {
    let tensor = Tensor::<4>::from_dispatch(tensor);
    assert_eq!(tensor.dims(), shape);
    tensor.into_data().try_into_vec().unwrap()
}

fn assert_agrees(window: Window) {
    let sample = Sample::new(window);
    let wanted = sample.wanted();
    for device in devices() {
        for (name, (found, wanted)) in ["Y", "dX", "dW"].into_iter().zip(sample.found(&device).iter().zip(&wanted)) {
            assert_eq!(found.len(), wanted.len(), "{name} of {window:?} on {device:?}");
            for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                // Sums of at most some thousand terms of magnitude 8 in single precision.
                let agrees = (found - wanted).abs() <= 1e-3 * (1.0 + wanted.abs());
                assert!(agrees, "{name}[{at}] of {window:?} on {device:?}: {found} instead of {wanted}");
            }
        }
    }
}

#[test]
fn a_tile_with_tails_on_every_side_agrees_with_the_plain_loops() {
    assert_agrees(SMALL);
}

#[test]
fn every_lattice_agrees_with_the_plain_loops() {
    for kernel in 1..=3 {
        for (stride, padding) in (1..=3).flat_map(|stride| (0..=1).map(move |padding| (stride, padding))) {
            assert_agrees(Window { kernel, stride, padding, ..SMALL });
        }
    }
    assert_agrees(Window { kernel: 5, stride: 2, padding: 2, height: 12, width: 11, ..SMALL });
}

#[test]
fn groups_agree_with_the_plain_loops() {
    assert_agrees(Window { groups: 2, ..SMALL });
    assert_agrees(Window { groups: 2, stride: 2, ..SMALL });
    assert_agrees(Window { groups: 3, in_channels: 3, out_channels: 6, ..SMALL });
    assert_agrees(Window { groups: 6, out_channels: 6, ..SMALL });
    assert_agrees(Window { groups: 6, out_channels: 6, stride: 2, height: 20, width: 21, ..SMALL });
}

#[test]
fn many_channels_agree_with_the_plain_loops() {
    assert_agrees(Window { batch: 3, in_channels: 70, out_channels: 66, height: 9, width: 9, ..SMALL });
    assert_agrees(Window { in_channels: 130, out_channels: 132, groups: 2, stride: 2, ..SMALL });
}

#[test]
fn a_fully_connected_layer_agrees_with_the_plain_loops() {
    let (kernel, padding, height, width) = (1, 0, 1, 1);
    assert_agrees(Window { batch: 33, in_channels: 40, out_channels: 130, height, width, kernel, padding, ..SMALL });
}

#[test]
fn many_shares_of_the_batch_agree_with_the_plain_loops() {
    assert_agrees(Window { batch: 4, in_channels: 3, out_channels: 5, height: 33, width: 31, ..SMALL });
    assert_agrees(Window { batch: 4, groups: 6, out_channels: 6, height: 33, width: 31, stride: 2, ..SMALL });
}

#[test]
fn a_line_of_pixels_agrees_with_the_plain_loops() {
    assert_agrees(Window { height: 1, width: 40, stride: 2, ..SMALL });
    assert_agrees(Window { height: 1, width: 1, ..SMALL });
}

#[test]
fn a_tensor_in_another_order_is_read_as_what_it_says() {
    let window = Window { kernel: 1, padding: 0, ..SMALL };
    let sample = Sample::new(window);
    let flipped = [window.in_channels, window.out_channels, 1, 1];
    let weight: Vec<f32> = (0..window.weight_len())
        .map(|at| sample.weight[at % window.out_channels * window.in_channels + at / window.out_channels])
        .collect();
    for device in devices() {
        let input = Tensor::<4>::from_data(TensorData::new(sample.input.clone(), window.input_shape()), &device);
        let weight = Tensor::<4>::from_data(TensorData::new(weight.clone(), flipped), &device).swap_dims(0, 1);
        let output = Dispatch::slide(input.into_dispatch(), weight.into_dispatch(), window, Law::Add(None));
        let [wanted, ..] = sample.wanted();
        for (found, wanted) in read(output, window.output_shape()).iter().zip(&wanted) {
            assert!((found - wanted).abs() <= 1e-4 * (1.0 + wanted.abs()), "{found} instead of {wanted}");
        }
    }
}

#[test]
fn the_same_values_give_the_same_bits() {
    let sample = Sample::new(Window { batch: 4, height: 33, width: 31, ..SMALL });
    for device in devices() {
        let bits = || sample.found(&device).map(|values| values.into_iter().map(f32::to_bits).collect::<Vec<_>>());
        assert_eq!(bits(), bits());
    }
}
