use burn::tensor::Device;

use super::*;
use crate::samples::{genome, space, supernet, task};

/// Runs the squared sum of all effective weights of a path backward and returns the keys with a gradient.
fn keys_with_gradient(network: &Network, path: &str) -> Vec<String> {
    let graph = space().graph(&genome(path), task());
    let sums = network.resolve(&graph).into_iter().filter_map(|tensors| match tensors {
        NodeTensors::Linear { weight, .. } => Some(weight.square().sum()),
        _ => None,
    });
    let gradients = sums.reduce(|left, right| left + right).unwrap().backward();
    let parameters = network.parameters.iter();
    parameters.filter(|(_, parameter)| parameter.value.grad(&gradients).is_some()).map(|(key, _)| key.clone()).collect()
}

#[test]
fn operators_of_a_cell_read_one_tensor_and_all_send_it_gradients() {
    let network = supernet(SharingMode::Hws);
    for path in ["C.CC", "S.SS", "D.DD"] {
        let keys = keys_with_gradient(&network, path);
        assert!(keys.iter().any(|key| key == "layers.0.level0.pool.middle.weight"), "{path}: {keys:?}");
    }
    let of_add = keys_with_gradient(&network, "D.DD");
    assert!(of_add.iter().any(|key| key == "layers.0.level0.add.middle.factors"), "{of_add:?}");
    assert!(!keys_with_gradient(&network, "C.CC").iter().any(|key| key.ends_with("factors")));
}

#[test]
fn attention_and_positional_encodings_never_share() {
    let keys = keys_with_gradient(&supernet(SharingMode::Hws), "A.AA");
    assert!(!keys.iter().any(|key| key.contains(".pool.")), "{keys:?}");
    let keys = keys_with_gradient(&supernet(SharingMode::Hws), "D.DD");
    assert!(keys.iter().any(|key| key == "layers.0.level0.add.peg.weight"), "{keys:?}");
}

#[test]
fn without_sharing_every_operator_has_its_own_tensors() {
    let keys = keys_with_gradient(&supernet(SharingMode::None), "S.SS");
    assert!(keys.iter().any(|key| key == "layers.0.level0.shift.middle.weight"), "{keys:?}");
    assert!(!keys.iter().any(|key| key.contains(".pool.") || key.contains("level0.conv.")), "{keys:?}");
}

#[test]
fn naive_sharing_reads_the_pool_without_a_transform() {
    let network = supernet(SharingMode::Naive);
    assert!(!network.parameters.iter().any(|(key, _)| key.ends_with("factors")));
    let graph = space().graph(&genome("D.DD"), task());
    assert!(network.shared_weights(&graph, &network.resolve(&graph)).is_empty());
}

#[test]
fn a_fresh_transform_changes_nothing() {
    let network = supernet(SharingMode::Hws);
    let weight = |path: &str| {
        let graph = space().graph(&genome(path), task());
        let at = graph.nodes.iter().position(|node| node.name == "layers.1.middle").unwrap();
        let NodeTensors::Linear { weight, .. } = network.resolve(&graph).swap_remove(at) else { panic!("not linear") };
        crate::parameters::host_values(weight)
    };
    assert_eq!(weight("C.CC"), weight("C.DC"));
}

#[test]
fn shift_weights_are_signed_powers_of_two_in_both_forms() {
    let graph = space().graph(&genome("S.SS"), task());
    for shift in [ShiftForm::Q, ShiftForm::Ps] {
        let network = Network::subnet(&graph, shift, 1, &Device::flex());
        for (node, tensors) in graph.nodes.iter().zip(network.resolve(&graph)) {
            if let (Compute::Linear(linear), NodeTensors::Linear { weight, .. }) = (node.compute, tensors)
                && linear.arithmetic == Arithmetic::Shift
            {
                let values = crate::parameters::host_values(weight);
                assert!(values.into_iter().all(spaces::is_shift_weight), "{} of {shift:?}", node.name);
            }
        }
    }
}

/// dP = g · sign · 2^round(P) · ln 2 and dS = g, for L = Σ c · w.
#[test]
fn deepshift_ps_has_its_published_gradients() {
    let device = Device::flex().autodiff();
    let leaf = |values: [f32; 4]| Tensor::<1>::from_floats(values, &device).require_grad();
    let (exponent, sign) = (leaf([-1.2, -20.0, 0.7, -3.0]), leaf([0.9, -0.8, 0.6, 0.3]));
    let weight = sign_and_power(exponent.clone(), sign.clone());
    let found = crate::parameters::host_values(weight.clone());
    // −20 is clamped to −14, 0.7 to 0; |0.3| rounds to no sign.
    assert_eq!(found, [0.5, -(2.0_f32.powi(-14)), 1.0, 0.0]);
    let slopes = [3.0_f32, 1.0, 2.0, 5.0];
    let gradients = (weight * Tensor::from_floats(slopes, &device)).sum().backward();
    assert_eq!(crate::parameters::host_values(sign.grad(&gradients).unwrap()), slopes);
    let of_exponent = crate::parameters::host_values(exponent.grad(&gradients).unwrap());
    for ((found, weight), slope) in of_exponent.into_iter().zip(found).zip(slopes) {
        assert!((found - slope * weight * std::f32::consts::LN_2).abs() < 1e-6);
    }
}
