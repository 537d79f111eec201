use spaces::{LinearForm, Mix};

use super::samples::{architecture, reversals, subnet};
use crate::operators::label_smoothing::CrossEntropy;
use crate::translation::forward::Forward;
use crate::translation::trainer::cross_entropy;
use crate::translation::{DropoutRates, NetworkSettings, TranslationNetwork};

const SMOOTHING: f64 = 0.1;

fn entropy(network: &TranslationNetwork, architecture: &spaces::TransformerArchitecture) -> CrossEntropy {
    let resolved = network.resolve(architecture);
    let device = network.parameters.device().clone().inner();
    let settings = NetworkSettings { dropout: DropoutRates::none(), ..NetworkSettings::default() };
    let forward = Forward {
        sizes: architecture.sizes(),
        settings: &settings,
        conventions: network.task.conventions,
        tensors: &resolved.tensors,
        device: &device,
        add_scale: None,
        noise: None,
        tap: None,
    };
    cross_entropy(&forward, &reversals(3, 6, 8), SMOOTHING)
}

/// Step of the differences. The loss, about 35 nats, is an f32 with errors of about 2e-6 per operation: differences of
/// 2 · STEP have errors of about 1e-3 of a gradient of order one.
const STEP: f32 = 5e-3;
const TOLERANCE: f64 = 2e-2;

/// Attention and convolution have true gradients everywhere but at the kinks of ReLU.
#[test]
fn gradients_of_the_loss_are_its_differences() {
    let mixes = [Mix::AttentionConv, Mix::Conv];
    let architecture = architecture(&mixes, &mixes, LinearForm::Dense);
    let mut network = subnet(&architecture, &NetworkSettings::default());
    let gradients = network.parameters.gradients(&entropy(&network, &architecture).loss.backward());
    for (key, at) in [
        ("embedding.weight", 5 * 32 + 3),
        ("encoder.0.mix.attention.query.weight", 17),
        ("encoder.0.mix.local.input.weight", 33),
        ("encoder.1.mix.local.kernel", 9),
        ("encoder.1.mix_norm.gamma", 4),
        ("encoder.1.mlp.contract.weight", 70),
        ("decoder.0.mix.attention.value.weight", 12),
        ("decoder.0.cross.output.bias", 2),
        ("decoder.1.cross.value.weight", 90),
        ("decoder.1.mix.local.kernel", 20),
        ("decoder.1.mlp_norm.beta", 7),
    ] {
        let (shape, values) =
            (network.parameters.find(key).expect("a tensor").shape.clone(), network.parameters.values(key));
        let mut loss_at = |change: f32| {
            let mut changed = values.clone();
            changed[at] += change;
            network.parameters.insert(key, shape.clone(), changed);
            f64::from(entropy(&network, &architecture).loss.into_scalar::<f32>())
        };
        let difference = (loss_at(STEP) - loss_at(-STEP)) / f64::from(2.0 * STEP);
        network.parameters.insert(key, shape, values);
        let gradient = f64::from(crate::parameters::host_values(gradients[key].clone())[at]);
        let error = (gradient - difference).abs() / difference.abs().max(1.0);
        assert!(error < TOLERANCE, "{key}: {gradient} instead of {difference}");
    }
}
