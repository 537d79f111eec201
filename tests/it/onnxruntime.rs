//! Trained models in ONNX Runtime, and the official checker.

use std::fs;
use std::path::Path;

use exports::{FLOAT_TOLERANCE, Form, INT8_TOLERANCE, Metadata, export, parity};
use networks::{Inference, QuantizedInference, ShiftForm, quantize};
use spaces::{AttentionForm, SearchSpace};

use crate::python::Python;
use crate::trained::{architecture, device, pictures, space, trained};

/// Attention, add, conv and shift in some order; the stride is at the point.
const GENOMES: [&str; 4] = ["AD.C", "C.SA", "SC.D", "D.AS"];
const BATCH: usize = 16;

/// Reads `NAME.onnx` and `NAME.pictures`, writes `NAME.logits`. Optimizations are off: fused layers round their bias
/// too, which is another approximation of the same network, not another reading of the file.
const SCRIPT: &str = "
import sys, glob, numpy, onnx, onnxruntime
onnxruntime.set_default_logger_severity(3)
for path in glob.glob(sys.argv[1] + '/*.onnx'):
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    shape = session.get_inputs()[0].shape[1:]
    pictures = numpy.fromfile(path.replace('.onnx', '.pictures'), '<f4').reshape([-1] + shape)
    session.run(None, {'images': pictures})[0].astype('<f4').tofile(path.replace('.onnx', '.logits'))
";

/// A model that lies in the folder as `NAME.onnx`.
struct Case {
    name: String,
    reference: Vec<f32>,
    tolerance: f64,
}

#[test]
fn onnx_runtime_computes_the_trained_networks() {
    let Some(python) = Python::with(&["numpy", "onnx", "onnxruntime"]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let cases: Vec<Case> = GENOMES.iter().flat_map(|genome| cases(genome, folder.path())).collect();
    python.run(SCRIPT, folder.path());
    for case in cases {
        let logits = fs::read(folder.path().join(format!("{}.logits", case.name))).unwrap();
        let logits: Vec<f32> = logits.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let parity = parity(&case.reference, &logits, 4).unwrap();
        assert!(parity.within(case.tolerance), "{}: {parity:?}", case.name);
    }
}

/// Writes the float and the 8-bit model of a genome with their pictures.
fn cases(genome: &str, folder: &Path) -> [Case; 2] {
    let space = space(AttentionForm::Standard);
    let graph = architecture(&space, space.parse(genome).unwrap()).graph();
    let weights = trained(&architecture(&space, space.parse(genome).unwrap()), ShiftForm::Q, 3, 5);
    let (pictures, pixels) = pictures();
    let first: Vec<usize> = (0..BATCH).collect();
    let compared = pictures.select(&first);
    let (folded, bytes) = quantize(&graph, &weights, &pictures, &pixels, BATCH, &device()).unwrap();
    let float = Inference::of_weights(&graph, &weights, &device()).unwrap().logits(&compared, &pixels, BATCH);
    let int8 = QuantizedInference::new(&folded, &bytes, &device()).unwrap().logits(&compared, &pixels, BATCH);
    let inputs: Vec<u8> = pictures.batch(&first, &pixels).pixels.iter().flat_map(|value| value.to_le_bytes()).collect();
    let write = |form: Form, bytes: Vec<u8>| {
        let name = format!("{}-{}", genome.replace('.', "_"), form.name());
        fs::write(folder.join(format!("{name}.onnx")), bytes).unwrap();
        fs::write(folder.join(format!("{name}.pictures")), &inputs).unwrap();
        name
    };
    let metadata = Metadata::default();
    let float_model = export(&graph, &weights, &metadata, Form::Float).unwrap();
    let int8_model = export(&folded, &bytes, &metadata, Form::Int8).unwrap();
    [
        Case { name: write(Form::Float, float_model), reference: float, tolerance: FLOAT_TOLERANCE },
        Case { name: write(Form::Int8, int8_model), reference: int8, tolerance: INT8_TOLERANCE },
    ]
}
