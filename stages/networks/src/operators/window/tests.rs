use burn::tensor::TensorData;
use proptest::prelude::*;

use super::*;

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

fn linear(arithmetic: Arithmetic, kernel: usize, stride: usize, groups: usize) -> Linear {
    Linear { arithmetic, kernel, stride, padding: kernel / 2, groups, bias: false }
}

/// Published values of a 2x2 by 3x2 add layer with upstream gradient G.
#[test]
fn an_add_layer_has_the_published_surrogate_gradients() {
    let device = Device::flex().autodiff();
    let x = tensor(&[0.5, -1.0, 2.0, 0.25], [2, 2, 1, 1], &device);
    let w = tensor(&[1.0, 0.0, -0.5, 0.75, 0.0, -2.0], [3, 2, 1, 1], &device);
    let g = Tensor::<4>::from_data(TensorData::new(vec![1.0, -0.5, 0.25, 0.5, 1.0, -1.0_f32], [2, 3, 1, 1]), &device);
    let layer = linear(Arithmetic::Add, 1, 1, 1);
    let raw = (window_layer(x.clone(), w.clone(), &layer, None) * g.clone()).sum().backward();
    assert_eq!(values(x.grad(&raw).unwrap()), [0.875, 0.25, -0.5, 1.375]);
    assert_eq!(values(w.grad(&raw).unwrap()), [0.0, -0.875, 2.0, 0.375, -1.875, -2.0]);
    let rescaled = (window_layer(x, w.clone(), &layer, Some(0.2)) * g).sum().backward();
    let golden = [0.0, -0.121_624_23, 0.277_998_24, 0.052_124_67, -0.260_623_35, -0.277_998_24];
    for (found, wanted) in values(w.grad(&rescaled).unwrap()).into_iter().zip(golden) {
        assert!((found - wanted).abs() < 1e-6, "{found} instead of {wanted}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_multiplying_layer_is_burns_convolution(
        batch in 1..3_usize,
        inputs in 1..4_usize,
        outputs in 1..4_usize,
        edge in 3..8_usize,
        kernel in prop::sample::select(vec![1_usize, 3]),
        stride in 1..3_usize,
        depthwise in any::<bool>(),
    ) {
        let device = Device::flex().autodiff();
        let (outputs, groups) = if depthwise { (inputs, inputs) } else { (outputs, 1) };
        let layer = linear(Arithmetic::Multiply, kernel, stride, groups);
        let wave = |length: usize, step: f32| (0..length).map(|at| (at as f32 * step).sin()).collect::<Vec<_>>();
        let shape = [outputs, inputs / groups, kernel, kernel];
        let x = tensor(&wave(batch * inputs * edge * edge, 0.7), [batch, inputs, edge, edge], &device);
        let w = tensor(&wave(shape.iter().product(), 1.3), shape, &device);
        let options = ConvOptions::new([stride; 2], [layer.padding; 2], [1, 1], groups);
        let theirs = conv2d(x.clone(), w.clone(), None, options);
        let ours = window_layer(x.clone(), w.clone(), &layer, None);
        let gradients = [theirs.clone(), ours.clone()].map(|output| (output.clone() * output).sum().backward());
        let pairs = [
            (values(theirs), values(ours)),
            (values(x.grad(&gradients[0]).unwrap()), values(x.grad(&gradients[1]).unwrap())),
            (values(w.grad(&gradients[0]).unwrap()), values(w.grad(&gradients[1]).unwrap())),
        ];
        for (wanted, found) in pairs {
            prop_assert_eq!(wanted.len(), found.len());
            for (wanted, found) in wanted.iter().zip(&found) {
                prop_assert!((wanted - found).abs() <= 1e-3 * (1.0 + wanted.abs()), "{} for {}", found, wanted);
            }
        }
    }
}
