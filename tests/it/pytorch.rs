//! The arithmetic of the layers in PyTorch, from their formulas.

use std::fs;

use kernels::{Window, add, multiply, shift, transform};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::python::Python;

const SCRIPT: &str = include_str!("../pytorch/operators.py");
const WINDOWS: usize = 60;
const WEIGHTS: usize = 10_000;

/// Of the largest value compared, or of 1: sums of a few hundred terms in single precision against double precision.
const TOLERANCE: f64 = 1e-5;

/// What a law gives of a case: one list of values for every tensor.
type Answer = Vec<Vec<f64>>;

fn answers(python: &Python, cases: &[Value]) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cases.json"), Value::from(cases).to_string()).unwrap();
    let answers: Vec<Answer> = serde_json::from_str(&python.run(SCRIPT, folder.path())).unwrap();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn case(law: &str, tensors: &[(&[usize], &[f32])], window: Option<&Window>) -> Value {
    let tensors: Vec<Value> =
        tensors.iter().map(|(shape, values)| json!({ "shape": shape, "values": values })).collect();
    let window = window.map(|&Window { kernel, stride, padding, groups, .. }| {
        json!({ "kernel_size": kernel, "stride": stride, "padding": padding, "groups": groups })
    });
    json!({ "law": law, "tensors": tensors, "window": window })
}

/// Compares the tensors of an answer, each within the tolerance.
fn agrees(found: &[Vec<f32>; 3], wanted: &Answer, what: &str) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (tensor, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let largest = wanted.iter().fold(1.0_f64, |largest, value| largest.max(value.abs()));
        assert_eq!(found.len(), wanted.len(), "tensor {tensor} of {what}");
        for (&found, &wanted) in found.iter().zip(wanted) {
            let apart = (f64::from(found) - wanted).abs();
            assert!(apart <= TOLERANCE * largest, "{found} for {wanted} in tensor {tensor} of {what}");
        }
    }
}

/// Returns a number in [−2, 2).
fn value(rng: &mut ChaCha12Rng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 22) as f32 - 2.0
}

fn values(rng: &mut ChaCha12Rng, length: usize) -> Vec<f32> {
    (0..length).map(|_| value(rng)).collect()
}

/// Returns a small window; one in three is depth-wise.
fn window(rng: &mut ChaCha12Rng) -> Window {
    let mut between = |least: usize, most: usize| least + rng.next_u32() as usize % (most + 1 - least);
    let kernel = [1, 2, 3, 5][between(0, 3)];
    let (inputs, outputs, groups) = match between(0, 2) {
        0 => (1, 1, between(2, 6)),
        _ => (between(1, 4), between(1, 4), between(1, 3)),
    };
    Window {
        batch: between(1, 3),
        in_channels: inputs * groups,
        out_channels: outputs * groups,
        height: between(kernel, 9),
        width: between(kernel, 9),
        kernel,
        stride: between(1, 3),
        padding: between(0, 2),
        groups,
    }
}

/// y, dX and dW of a window by a law, for x, w and the upstream gradient g.
type Law = fn(&Window, &[f32], &[f32], &[f32]) -> [Vec<f32>; 3];

fn sums(window: &Window, x: &[f32], w: &[f32], g: &[f32]) -> [Vec<f32>; 3] {
    [add::forward(window, x, w), add::input_gradient(window, x, w, g), add::weight_gradient(window, x, w, g)]
}

fn products(window: &Window, x: &[f32], w: &[f32], g: &[f32]) -> [Vec<f32>; 3] {
    [multiply::forward(window, x, w), multiply::input_gradient(window, w, g), multiply::weight_gradient(window, x, g)]
}

#[test]
fn pytorch_computes_the_same_layers_and_gradients() {
    let Some(python) = Python::with(&["torch"]) else { return };
    let mut rng = ChaCha12Rng::seed_from_u64(1);
    let (mut cases, mut found) = (Vec::new(), Vec::new());
    for window in (0..WINDOWS).map(|_| window(&mut rng)).collect::<Vec<_>>() {
        let shapes = [window.input_shape(), window.weight_shape(), window.output_shape()];
        let [x, w, g] = shapes.map(|shape| values(&mut rng, shape.iter().product()));
        for (name, law) in [("add", sums as Law), ("multiply", products)] {
            cases.push(case(name, &[(&shapes[0], &x), (&shapes[1], &w), (&shapes[2], &g)], Some(&window)));
            found.push((format!("{name} {window:?}"), law(&window, &x, &w, &g)));
        }
    }
    for ((what, found), wanted) in found.iter().zip(answers(&python, &cases)) {
        agrees(found, &wanted, what);
    }
}

#[test]
fn pytorch_makes_the_same_powers_of_two() {
    let Some(python) = Python::with(&["torch"]) else { return };
    let mut rng = ChaCha12Rng::seed_from_u64(2);
    let chosen = [0.0, 1.0, -1.0, 0.5, 0.7, 0.7072, -3.0, 1e-6, 2.0_f32.powi(-15), -(2.0_f32.powi(-14))];
    // Of every magnitude from 2^-17 to 2.
    let drawn = (0..WEIGHTS).map(|at| value(&mut rng) * (-((at % 18) as f32)).exp2());
    let weights: Vec<f32> = chosen.into_iter().chain(drawn).collect();
    let halves = [(-0.5, 0.5), (-1.5, -0.5), (-13.5, 1.5), (-14.5, -1.5), (0.5, 0.0), (-2.5, 0.500_1)];
    let drawn = (0..WEIGHTS).map(|_| (value(&mut rng) * 8.0 - 7.0, value(&mut rng)));
    let (exponents, signs): (Vec<f32>, Vec<f32>) = halves.into_iter().chain(drawn).unzip();
    let cases = [
        case("shift_q", &[(&[weights.len()], &weights)], None),
        case("shift_ps", &[(&[exponents.len()], &exponents), (&[signs.len()], &signs)], None),
    ];
    let found = [shift::rounded(&weights), shift::composed(&exponents, &signs)];
    for (found, wanted) in found.into_iter().zip(answers(&python, &cases)) {
        assert_eq!(found.len(), wanted[0].len());
        for (at, (found, &wanted)) in found.into_iter().zip(&wanted[0]).enumerate() {
            assert_eq!(f64::from(found), wanted, "weight {at}");
        }
    }
}

#[test]
fn pytorch_transforms_weights_and_their_gradients_alike() {
    let Some(python) = Python::with(&["torch"]) else { return };
    let mut rng = ChaCha12Rng::seed_from_u64(3);
    for (length, count) in [(WEIGHTS, 200), (997, 7), (64, 64), (5, 5)] {
        let [weights, factors, upstream] = [length, count, length].map(|length| values(&mut rng, length));
        let tensors: [(&[usize], &[f32]); 3] = [(&[length], &weights), (&[count], &factors), (&[length], &upstream)];
        let segments = transform::segments(&weights, count);
        let found = [
            transform::scaled(&weights, &factors, &segments),
            transform::scaled(&upstream, &factors, &segments),
            transform::factor_gradient(&weights, count, &segments, &upstream),
        ];
        let wanted = answers(&python, &[case("transform", &tensors, None)]).remove(0);
        agrees(&found, &wanted, &format!("{length} weights in {count} segments"));
    }
}
