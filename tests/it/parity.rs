//! Training and inference compute the same network: floats, folded floats, and bytes.

use std::collections::BTreeSet;

use exports::{FLOAT_TOLERANCE, Form, INT8_TOLERANCE, Metadata, Runner, export, parity};
use networks::{Inference, QuantizedInference, ShiftForm, quantize};
use spaces::{Architecture, AttentionForm, Compute, Graph, Operator, Weights, fold};

use crate::trained::{device, pictures, random_architecture, space, trained};

/// Random architectures per form of attention.
const ARCHITECTURES: usize = 10;
const EPOCHS: usize = 1;
/// Pictures compared at once.
const BATCH: usize = 24;

/// Architectures of both forms of attention with their weights, shift layers in both forms.
fn networks() -> Vec<(Architecture, Weights)> {
    let forms = [AttentionForm::Standard, AttentionForm::Transposed];
    let forms = forms.into_iter().cycle().take(2 * ARCHITECTURES);
    let networks = forms.zip(0..).map(|(form, seed)| {
        let architecture = random_architecture(&space(form), seed);
        let shift = if seed % 4 < 2 { ShiftForm::Q } else { ShiftForm::Ps };
        let weights = trained(&architecture, shift, EPOCHS, seed);
        (architecture, weights)
    });
    networks.collect()
}

/// Returns normalised pictures as a model reads them.
fn inputs() -> Vec<f32> {
    let (pictures, pixels) = pictures();
    pictures.batch(&(0..BATCH).collect::<Vec<_>>(), &pixels).pixels
}

fn of_training(graph: &Graph, weights: &Weights) -> Vec<f32> {
    let (pictures, pixels) = pictures();
    let compared = pictures.select(&(0..BATCH).collect::<Vec<_>>());
    Inference::of_weights(graph, weights, &device()).unwrap().logits(&compared, &pixels, BATCH)
}

fn in_tract(graph: &Graph, weights: &Weights, form: Form) -> Vec<f32> {
    let bytes = export(graph, weights, &Metadata::default(), form).unwrap();
    Runner::from_bytes(&bytes, "test").unwrap().run(&inputs(), BATCH).unwrap()
}

fn agree(architecture: &Architecture, wanted: &[f32], found: &[f32], tolerance: f64) {
    let parity = parity(wanted, found, architecture.task.classes).unwrap();
    assert!(parity.within(tolerance), "{}: {parity:?}", architecture.name());
}

#[test]
fn the_architectures_hold_every_operator_at_every_entry() {
    let mut found = BTreeSet::new();
    let mut forms = BTreeSet::new();
    for (architecture, _) in networks() {
        for node in architecture.graph().nodes {
            if let Compute::SelfAttention { form, heads } = node.compute {
                forms.insert((format!("{form:?}"), heads));
            }
            let Some(site) = node.site.filter(|site| site.part.ends_with("entry")) else { continue };
            let entry = match (site.part.starts_with("down."), site.cell.starts_with("layers.0.")) {
                (true, _) => "down",
                (false, true) => "first",
                (false, false) => "keep",
            };
            found.insert((site.operator, entry));
        }
    }
    for operator in Operator::ALL {
        for entry in ["first", "keep", "down"] {
            assert!(found.contains(&(operator, entry)), "no {operator} as {entry}");
        }
    }
    assert!(forms.len() >= 4, "both forms with one head and more: {forms:?}");
}

#[test]
fn a_float_model_in_tract_is_the_network() {
    for (architecture, weights) in networks() {
        let graph = architecture.graph();
        agree(&architecture, &of_training(&graph, &weights), &in_tract(&graph, &weights, Form::Float), FLOAT_TOLERANCE);
    }
}

#[test]
fn folding_changes_no_logit() {
    for (architecture, weights) in networks() {
        let graph = architecture.graph();
        let (folded, fewer) = fold(&graph, &weights).unwrap();
        assert!(folded.nodes.len() < graph.nodes.len());
        agree(&architecture, &of_training(&graph, &weights), &of_training(&folded, &fewer), FLOAT_TOLERANCE);
    }
}

#[test]
fn an_eight_bit_model_in_tract_is_the_quantized_network() {
    let (pictures, pixels) = pictures();
    let compared = pictures.select(&(0..BATCH).collect::<Vec<_>>());
    for (architecture, weights) in networks() {
        let graph = architecture.graph();
        let (folded, bytes) = quantize(&graph, &weights, &pictures, &pixels, BATCH, &device()).unwrap();
        let wanted = QuantizedInference::new(&folded, &bytes, &device()).unwrap().logits(&compared, &pixels, BATCH);
        agree(&architecture, &wanted, &in_tract(&folded, &bytes, Form::Int8), INT8_TOLERANCE);
    }
}
