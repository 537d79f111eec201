//! The same models in ONNX Runtime, and the official checker, where Python (`PYTHON`, or `python3`) has both.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use exports::{FLOAT_TOLERANCE, Form, INT8_TOLERANCE, Metadata, export, parity};
use spaces::{Graph, Weights};

use crate::architectures::architecture;
use crate::network::{pictures, weights};
use crate::quantized::{Scales, quantized};
use crate::reference;

const BATCH: usize = 3;

/// Reads `NAME.onnx` and `NAME.pictures`; writes `NAME.plain` as the operators are defined, and
/// `NAME.optimized` as ONNX Runtime computes by default.
const SCRIPT: &str = "
import sys, glob, numpy, onnx, onnxruntime
onnxruntime.set_default_logger_severity(3)
levels = onnxruntime.GraphOptimizationLevel
for path in glob.glob(sys.argv[1] + '/*.onnx'):
    onnx.checker.check_model(path, full_check=True)
    for name, level in [('plain', levels.ORT_DISABLE_ALL), ('optimized', levels.ORT_ENABLE_ALL)]:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        shape = session.get_inputs()[0].shape[1:]
        pictures = numpy.fromfile(path.replace('.onnx', '.pictures'), '<f4').reshape([-1] + shape)
        logits = session.run(None, {'images': pictures})[0]
        logits.astype('<f4').tofile(path.replace('.onnx', '.' + name))
";

/// Where a layer's output is rounded next, ONNX Runtime fuses the layer to 8 bits and rounds its bias too:
/// another approximation of the same network, not another reading of the file.
const FUSED_TOLERANCE: f64 = 5e-2;

struct Case {
    name: String,
    reference: Vec<f32>,
    plain: f64,
    /// Largest relative difference where layers are fused.
    fused: f64,
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn onnx_runtime_and_the_checker_agree() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with numpy, onnx and onnxruntime; set PYTHON to one that has");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cases = cases(folder.path());
    let output = Command::new(&python).args(["-c", SCRIPT]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for case in cases {
        case.agrees(folder.path(), "plain", case.plain);
        case.agrees(folder.path(), "optimized", case.fused);
    }
}

/// Returns the Python that has what the tests need, if any.
pub fn python() -> Option<String> {
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&python).args(["-c", "import numpy, onnx, onnxruntime"]).output();
    probe.is_ok_and(|output| output.status.success()).then_some(python)
}

impl Case {
    fn agrees(&self, folder: &Path, run: &str, tolerance: f64) {
        let logits = fs::read(folder.join(format!("{}.{run}", self.name))).unwrap();
        let logits: Vec<f32> = logits.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let parity = parity(&self.reference, &logits, 10).unwrap();
        assert!(parity.within(tolerance), "{} {run}: {parity:?}", self.name);
    }
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for seed in 0..6 {
        let graph = architecture(seed).graph();
        let floats = weights(&graph, seed);
        let (folded, folded_floats) = spaces::fold(&graph, &floats).unwrap();
        let bytes = quantized(&folded, &folded_floats, &pictures(&graph, 1, 1), Scales::Any);
        cases.push(case(folder, format!("float{seed}"), &graph, &floats, Form::Float));
        cases.push(case(folder, format!("int8{seed}"), &folded, &bytes, Form::Int8));
    }
    cases
}

fn case(folder: &Path, name: String, graph: &Graph, weights: &Weights, form: Form) -> Case {
    let pictures = pictures(graph, BATCH, 21);
    let reference = reference::logits(graph, weights, &pictures);
    let bytes = export(graph, weights, &Metadata { name: name.clone(), ..Metadata::default() }, form).unwrap();
    fs::write(folder.join(format!("{name}.onnx")), bytes).unwrap();
    let pictures: Vec<u8> = pictures.iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(folder.join(format!("{name}.pictures")), pictures).unwrap();
    let (plain, fused) = match form {
        Form::Float => (FLOAT_TOLERANCE, FLOAT_TOLERANCE),
        Form::Int8 => (INT8_TOLERANCE, FUSED_TOLERANCE),
    };
    Case { name, reference, plain, fused }
}
