//! Our operators beside matrix products, burn's own operators, PyTorch's and a memory copy.

use std::hint::black_box;
use std::time::Instant;

use gemm::{Parallelism, gemm};
use kernels::{Ceiling, Window, add, bytes, multiply, shift, transform};
use networks::Device;
use networks::trials::{Implementation, LayerTrial, NetworkTrial, Passes};
use rayon::{ThreadPool, ThreadPoolBuilder};
use spaces::{
    Arithmetic, AttentionForm, CellSet, FeatureMap, HybridCnn, LayerRange, Level, Linear, Operator, PathWeighting,
    SearchSpace, Space, Stem, Task,
};

use super::pytorch::{self, Reference};
use super::{Bench, Case, Python};

/// Threads of the cases that train.
const THREADS: usize = 2;
/// Rows, columns and depth of the square products.
const EDGE: usize = 512;
/// Weights of the largest layer that T is for.
const WEIGHTS: usize = 4_700_000;
/// Segments of T.
const SEGMENTS: usize = 200;

/// Runs all cases. Returns why rows of PyTorch are missing, if any are.
///
/// # Errors
/// When threads cannot be started.
pub fn run(bench: &mut Bench<'_>, python: &Python) -> Result<Option<String>, rayon::ThreadPoolBuildError> {
    let pool = |threads| ThreadPoolBuilder::new().num_threads(threads).build();
    let (one, two) = (pool(1)?, pool(THREADS)?);
    one.install(|| {
        ceiling(bench);
        products(bench);
        images(bench);
        gradients(bench);
        naive(bench);
        weights(bench);
        blocks(bench);
    });
    scaling(bench, &one, &two);
    two.install(|| convolutions(bench));
    let references = match pytorch::time(python, THREADS) {
        Ok(references) => references,
        Err(reason) => return Ok(Some(reason.to_string())),
    };
    let missing: Vec<String> = references
        .iter()
        .filter_map(|reference| pytorch(bench, if reference.threads == 1 { &one } else { &two }, reference))
        .collect();
    Ok((!missing.is_empty()).then(|| missing.join("; ")))
}

/// What the machine allows: the tile under all float layers without their layout.
fn ceiling(bench: &mut Bench<'_>) {
    let (mut minima, mut products) = (Ceiling::new(), Ceiling::new());
    let case = Case {
        case: "tile of minima, values in the first cache",
        reference: "the same tile of products",
        threads: 1,
        ops: Ceiling::TERMS,
        goal: None,
    };
    bench.compare(case, || minima.minimum(), || products.product());
}

/// Forward on matrices, in floats and bytes.
fn products(bench: &mut Bench<'_>) {
    let window = matrix(EDGE, EDGE, EDGE);
    let (x, w) = (waves(window.input_len(), 0.7), waves(window.weight_len(), 1.3));
    let mut product = Gemm::new(EDGE, EDGE, EDGE);
    let ops = EDGE.pow(3);
    let case =
        Case { case: "add f32 linear 512x512x512, forward", reference: "f32 GEMM", threads: 1, ops, goal: Some(0.9) };
    bench.compare(case, || keep(add::forward(&window, &x, &w)), || product.run());
    let reference = "f32 GEMM, right factor transposed as a layer's weight is";
    bench.compare(
        Case { reference, goal: None, ..case },
        || keep(add::forward(&window, &x, &w)),
        || product.run_transposed(),
    );
    let case = Case { case: "conv f32 linear 512x512x512, forward", goal: None, ..case };
    bench.compare(case, || keep(multiply::forward(&window, &x, &w)), || product.run());
    let (x, w) = (to_bytes(&x), to_bytes(&w));
    let signed: Vec<i8> = w.iter().map(|w| w.cast_signed()).collect();
    let case = Case { case: "add u8 linear 512x512x512, forward", reference: "int8 GEMM", goal: Some(0.9), ..case };
    bench.compare(case, || keep(bytes::add(&window, &x, &w, 128)), || keep(bytes::multiply(EDGE, &x, &signed)));
    let case = Case { reference: "f32 GEMM", goal: Some(3.5), ..case };
    bench.compare(case, || keep(bytes::add(&window, &x, &w, 128)), || product.run());
}

/// Forward on maps, the taps' layout included.
fn images(bench: &mut Bench<'_>) {
    let window = map(1, 64, 64, 56, 1);
    let (x, w) = (waves(window.input_len(), 0.7), waves(window.weight_len(), 1.3));
    let mut product = Gemm::fastest(window.out_channels, window.taps(), window.positions());
    let ops = window.output_len() * window.taps();
    let case = Case {
        case: "add f32 conv 3x3, 64 to 64, 56x56, forward",
        reference: "f32 GEMM, taps laid out before",
        threads: 1,
        ops,
        goal: Some(0.85),
    };
    bench.compare(case, || keep(add::forward(&window, &x, &w)), || product.run());
    let case = Case { case: "shift-q conv 3x3, 64 to 64, 56x56, forward", reference: "conv", goal: None, ..case };
    bench.compare(
        case,
        || keep(multiply::forward(&window, &x, &shift::rounded(&w))),
        || keep(multiply::forward(&window, &x, &w)),
    );
    let (x_bytes, w_bytes) = (to_bytes(&x), to_bytes(&w));
    let case = Case { case: "add u8 conv 3x3, 64 to 64, 56x56, forward", reference: "add f32", ..case };
    bench.compare(case, || keep(bytes::add(&window, &x_bytes, &w_bytes, 128)), || keep(add::forward(&window, &x, &w)));
}

/// The two gradients of the add layer.
fn gradients(bench: &mut Bench<'_>) {
    let window = matrix(EDGE, EDGE, EDGE);
    let (x, w) = (waves(window.input_len(), 0.7), waves(window.weight_len(), 1.3));
    let g = waves(window.output_len(), 1.9);
    let mut product = Gemm::new(EDGE, EDGE, EDGE);
    let case = Case {
        case: "add f32 linear 512x512x512, input gradient",
        reference: "f32 GEMM",
        threads: 1,
        ops: EDGE.pow(3),
        goal: Some(0.45),
    };
    bench.compare(case, || keep(add::input_gradient(&window, &x, &w, &g)), || product.run());
    let case = Case { case: "add f32 linear 512x512x512, weight gradient", goal: Some(0.8), ..case };
    bench.compare(case, || keep(add::weight_gradient(&window, &x, &w, &g)), || product.run());
    let window = map(1, 64, 64, 56, 1);
    let (x, w) = (waves(window.input_len(), 0.7), waves(window.weight_len(), 1.3));
    let g = waves(window.output_len(), 1.9);
    let mut product = Gemm::fastest(window.out_channels, window.taps(), window.positions());
    let ops = window.output_len() * window.taps();
    let case = Case { case: "add f32 conv 3x3, 64 to 64, 56x56, input gradient", ops, goal: None, ..case };
    bench.compare(case, || keep(add::input_gradient(&window, &x, &w, &g)), || product.run());
    let case = Case { case: "add f32 conv 3x3, 64 to 64, 56x56, weight gradient", ..case };
    bench.compare(case, || keep(add::weight_gradient(&window, &x, &w, &g)), || product.run());
}

/// The formulation one would write first, with broadcast differences.
fn naive(bench: &mut Bench<'_>) {
    let (rows, inputs, outputs) = (256, 288, 64);
    let trial = |implementation, passes| {
        let linear = layer(Arithmetic::Add, 1, 1);
        LayerTrial::new(linear, [rows, inputs, 1, 1], outputs, implementation, passes, &Device::flex())
    };
    let case = Case {
        case: "add f32 linear 256x288x64 on tensors, forward",
        reference: "broadcast differences",
        threads: 1,
        ops: rows * inputs * outputs,
        goal: None,
    };
    for (passes, case) in [
        (Passes::Forward, case),
        (
            Passes::Both,
            Case {
                case: "add f32 linear 256x288x64 on tensors, forward + backward",
                reference: "autodiff of broadcast differences",
                ops: 3 * case.ops,
                ..case
            },
        ),
    ] {
        let [ours, primitives] = [Implementation::Ours, Implementation::Primitives].map(|kind| trial(kind, passes));
        bench.compare(case, || ours.run(), || primitives.run());
    }
}

/// What is done to weights before a layer reads them.
fn weights(bench: &mut Bench<'_>) {
    let (weights, factors) = (waves(WEIGHTS, 0.7), waves(SEGMENTS, 1.1));
    let segments = transform::segments(&weights, SEGMENTS);
    let case = Case {
        case: "T on 4.7 M weights, 200 segments, order cached",
        reference: "memory copy",
        threads: 1,
        ops: WEIGHTS,
        goal: Some(1.0 / 3.0),
    };
    bench.compare(case, || keep(transform::scaled(&weights, &factors, &segments)), || keep(weights.clone()));
    let case = Case { case: "shift-q rounding of 4.7 M weights", goal: None, ..case };
    bench.compare(case, || keep(shift::rounded(&weights)), || keep(weights.clone()));
}

/// A training step of networks that differ in the operator of their blocks.
fn blocks(bench: &mut Bench<'_>) {
    let trial = |operator| NetworkTrial::new(block(operator), 8, &Device::flex());
    let [add, shift, conv] = [Operator::Add, Operator::Shift, Operator::Conv].map(trial);
    let case = Case {
        case: "training step of add blocks",
        reference: "the same blocks with conv",
        threads: 1,
        ops: 0,
        goal: Some(0.5),
    };
    bench.compare(case, || add.run(), || conv.run());
    let case = Case { case: "training step of shift blocks", goal: None, ..case };
    bench.compare(case, || shift.run(), || conv.run());
}

fn scaling(bench: &mut Bench<'_>, one: &ThreadPool, two: &ThreadPool) {
    let window = matrix(1024, 1024, 1024);
    let (x, w) = (waves(window.input_len(), 0.7), waves(window.weight_len(), 1.3));
    let forward = || keep(add::forward(&window, &x, &w));
    let case = Case {
        case: "add f32 linear 1024x1024x1024, forward",
        reference: "one thread",
        threads: THREADS,
        ops: 1024 * 1024 * 1024,
        goal: Some(1.8),
    };
    // Not in turn: the idle threads of one pool would wake while the other's are timed.
    let alone = one.install(|| bench.time(forward));
    two.install(|| bench.compare_with(case, forward, alone));
}

/// Training passes of convolutions against burn's own.
fn convolutions(bench: &mut Bench<'_>) {
    for (case, channels, groups) in [
        ("depth-wise conv 3x3, c128, b32, 32x32, forward + backward", 128, 128),
        ("conv 3x3, 64 to 64, b32, 32x32, forward + backward", 64, 1),
    ] {
        let [ours, burn] = [Implementation::Ours, Implementation::Burn].map(|kind| convolution(channels, groups, kind));
        let ops = 3 * 32 * 32 * 32 * 9 * channels * channels / groups;
        let case = Case { case, reference: "burn's own", threads: THREADS, ops, goal: None };
        bench.compare(case, || ours.run(), || burn.run());
    }
}

/// Ours beside a case that PyTorch has been timed on. Returns why not, if the case is none of ours.
fn pytorch(bench: &mut Bench<'_>, pool: &ThreadPool, reference: &Reference) -> Option<String> {
    let linear = |rows, inputs, outputs, passes| {
        let linear = layer(Arithmetic::Add, 1, 1);
        LayerTrial::new(linear, [rows, inputs, 1, 1], outputs, Implementation::Ours, passes, &Device::flex())
    };
    let (trial, ops, goal) = match reference.case.split(',').next() {
        Some("depth-wise conv 3x3") => {
            (convolution(128, 128, Implementation::Ours), 32 * 1024 * 9 * 128 * 3, Some(1.5))
        }
        Some("conv 3x3") => (convolution(64, 1, Implementation::Ours), 32 * 1024 * 9 * 64 * 64 * 3, Some(0.75)),
        Some("add f32 linear 512x512x512") => (linear(EDGE, EDGE, EDGE, Passes::Forward), EDGE.pow(3), Some(20.0)),
        Some("add f32 linear 2048x576x64") => {
            // Signs are the gradients of another function, and cheaper than the surrogates.
            let is_the_same = reference.reference.ends_with("chunked clamp backward");
            (linear(2048, 576, 64, Passes::Both), 2048 * 576 * 64 * 3, is_the_same.then_some(30.0))
        }
        _ => return Some(format!("`{}` was timed, which is no case of ours", reference.case)),
    };
    let case = Case { case: &reference.case, reference: &reference.reference, threads: reference.threads, ops, goal };
    pool.install(|| bench.compare_with(case, || trial.run(), reference.reference_ms));
    None
}

fn convolution(channels: usize, groups: usize, implementation: Implementation) -> LayerTrial {
    let linear = layer(Arithmetic::Multiply, 3, groups);
    LayerTrial::new(linear, [32, channels, 32, 32], channels, implementation, Passes::Both, &Device::flex())
}

fn layer(arithmetic: Arithmetic, kernel: usize, groups: usize) -> Linear {
    Linear { arithmetic, kernel, stride: 1, padding: kernel / 2, groups, bias: false }
}

/// Returns a network of four blocks of one operator on 28x28 maps of 128 channels.
fn block(operator: Operator) -> spaces::Graph {
    let level = Level { channels: 128, operators: vec![operator], layers: LayerRange { min: 4, max: 4 } };
    let space = Space::HybridCnn(HybridCnn {
        stem: Stem { channels: 32, kernel: 3, stride: 1, pool: false },
        layers: 4,
        levels: vec![level],
        bottleneck: 4,
        head_channels: 32,
        attention: AttentionForm::Standard,
        path_weighting: PathWeighting::Subnets,
        cells: CellSet::Reachable,
    });
    let letter = match operator {
        Operator::Attention => "A",
        Operator::Conv => "C",
        Operator::Shift => "S",
        Operator::Add => "D",
    };
    let genome = space.parse(&letter.repeat(4)).expect("four layers of the only operator");
    space.graph(&genome, Task { input: FeatureMap { channels: 3, height: 28, width: 28 }, classes: 10 })
}

fn matrix(rows: usize, inputs: usize, outputs: usize) -> Window {
    Window { kernel: 1, padding: 0, ..map(rows, inputs, outputs, 1, 1) }
}

/// Returns a 3x3 layer of stride 1.
fn map(batch: usize, in_channels: usize, out_channels: usize, edge: usize, groups: usize) -> Window {
    Window { batch, in_channels, out_channels, height: edge, width: edge, kernel: 3, stride: 1, padding: 1, groups }
}

/// A product of f32 matrices in memory that is there already.
struct Gemm {
    rows: usize,
    depth: usize,
    columns: usize,
    left: Vec<f32>,
    right: Vec<f32>,
    output: Vec<f32>,
}

impl Gemm {
    fn new(rows: usize, depth: usize, columns: usize) -> Self {
        let (left, right) = (waves(rows * depth, 0.7), waves(depth * columns, 1.3));
        Self { rows, depth, columns, left, right, output: vec![0.0; rows * columns] }
    }

    /// Returns the product in the faster of both orders of its factors.
    fn fastest(rows: usize, depth: usize, columns: usize) -> Self {
        let orders = [Self::new(rows, depth, columns), Self::new(columns, depth, rows)];
        let timed = orders.map(|mut order| {
            order.run();
            let start = Instant::now();
            (0..5).for_each(|_| order.run());
            (start.elapsed(), order)
        });
        timed.into_iter().min_by_key(|(time, _)| *time).expect("there are two orders").1
    }

    /// `[rows, depth]` times `[depth, columns]`.
    fn run(&mut self) {
        self.multiply(1, self.columns);
    }

    /// `[rows, depth]` times the transpose of `[columns, depth]`.
    fn run_transposed(&mut self) {
        self.multiply(self.depth, 1);
    }

    fn multiply(&mut self, column_stride: usize, row_stride: usize) {
        let [rows, depth, columns] = [self.rows, self.depth, self.columns];
        // SAFETY: the slices hold rows · depth, depth · columns and rows · columns values, and the strides are those of
        // dense matrices of these sizes.
        unsafe {
            gemm(
                rows,
                columns,
                depth,
                self.output.as_mut_ptr(),
                1,
                columns as isize,
                false,
                self.left.as_ptr(),
                1,
                depth as isize,
                self.right.as_ptr(),
                column_stride as isize,
                row_stride as isize,
                0.0,
                1.0,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
        black_box(&self.output);
    }
}

fn keep<T>(value: T) {
    black_box(value);
}

/// Returns values in [−1, 1] without a short period.
fn waves(length: usize, step: f32) -> Vec<f32> {
    (0..length).map(|at| (at as f32 * step).sin()).collect()
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| (127.5 * (value + 1.0)) as u8).collect()
}
