use burn::tensor::Device;
use spaces::{DecoderChoices, EncoderChoices, HybridTransformer, LinearForm, Mix, Operator, TransformerArchitecture};

use super::samples::{architecture, reversals, task};
use crate::sharing::{SharingError, SharingMode, ShiftForm};
use crate::translation::{
    KernelSoftmax, MlpSharing, NetworkSettings, TranslationInference, TranslationNetwork, TranslationSharing,
    TranslationTrainer, TranslationTraining,
};

/// A space that the sample architectures are small points of.
fn space(forms: &[LinearForm]) -> HybridTransformer {
    let encoder = EncoderChoices {
        widths: vec![48, 32],
        layers: vec![2],
        mlp_widths: vec![24, 56],
        heads: vec![2],
        mixes: Mix::ALL.to_vec(),
        mlp_forms: forms.to_vec(),
        projection_forms: forms.to_vec(),
    };
    let decoder = DecoderChoices {
        widths: vec![16, 64],
        layers: vec![1, 2],
        mlp_widths: vec![40, 8],
        self_heads: vec![4],
        cross_heads: vec![2],
        sources: vec![1, 2],
        mixes: Mix::ALL.to_vec(),
        mlp_forms: forms.to_vec(),
        projection_forms: forms.to_vec(),
    };
    HybridTransformer { inner_width: 16, encoder, decoder }
}

/// Returns a fresh supernet of the space with all linear forms.
pub fn supernet(sharing: &TranslationSharing, settings: &NetworkSettings) -> TranslationNetwork {
    sharing.validate(settings.shift).expect("a sharing that fits");
    TranslationNetwork::supernet(&space(&LinearForm::ALL), &task(), sharing, settings, 3, &Device::flex())
        .expect("a space of networks")
}

fn sharing(mode: SharingMode, mlp: MlpSharing) -> TranslationSharing {
    TranslationSharing { mode, mlp, ..TranslationSharing::default() }
}

fn shared(mode: SharingMode) -> TranslationNetwork {
    supernet(&sharing(mode, MlpSharing::PerCandidate), &NetworkSettings::default())
}

/// Returns keys of tensors that an update with this architecture moves.
fn moved(network: TranslationNetwork, architecture: &TransformerArchitecture) -> Vec<String> {
    let training = TranslationTraining { start_rate: 1e-3, ..TranslationTraining::default() };
    let mut trainer = TranslationTrainer::new(network, &training, 1);
    let before = trainer.snapshot().tensors;
    trainer.update(&[reversals(4, 6, 1)], architecture);
    let after = trainer.snapshot();
    let moved: Vec<String> =
        before.iter().zip(&after.tensors).filter(|(old, new)| old != new).map(|(old, _)| old.0.clone()).collect();
    assert_eq!(moved, after.memory.iter().map(|momentum| momentum.key.clone()).collect::<Vec<_>>());
    moved
}

/// Returns the keys with one of the prefixes.
fn with_prefix(keys: &[String], prefixes: &[&str]) -> Vec<String> {
    keys.iter().filter(|key| prefixes.iter().any(|prefix| key.starts_with(prefix))).cloned().collect()
}

#[test]
fn an_inherited_subnet_is_its_exported_weights() {
    for mode in [SharingMode::None, SharingMode::Naive, SharingMode::Hws] {
        for mlp in [MlpSharing::PerCandidate, MlpSharing::Shared] {
            let network = supernet(&sharing(mode, mlp), &NetworkSettings::default());
            for form in LinearForm::ALL {
                let architecture = architecture(&[Mix::Shift, Mix::AttentionAdd], &[Mix::AttentionConv], form);
                let weights = network.export(&architecture);
                let mut wanted: Vec<_> =
                    architecture.parameters(&task()).into_iter().map(|p| (p.name, p.shape)).collect();
                let mut found: Vec<_> =
                    weights.tensors.iter().map(|(name, t)| (name.clone(), t.shape.clone())).collect();
                wanted.sort();
                found.sort();
                assert_eq!(found, wanted);
                let exported = TranslationInference::of_weights(&architecture, &task(), &weights, &Device::flex());
                let inherited = TranslationInference::of_path(&network, &architecture);
                let batch = reversals(3, 6, 4);
                let exported = exported.expect("names and shapes as told").log_probabilities(&batch);
                assert_eq!(exported, inherited.log_probabilities(&batch));
            }
        }
    }
}

#[test]
fn a_narrow_network_has_the_first_rows_and_columns() {
    let network = shared(SharingMode::None);
    let narrow = network.export(&architecture(&[Mix::Attention; 2], &[Mix::Attention], LinearForm::Dense));
    let found = narrow.floats("encoder.0.mlp.expand.weight", &[24, 32]).expect("exported");
    let whole = network.parameters.values("encoder.0.A.mlp.expand.dense.weight");
    let wanted: Vec<f32> = whole.chunks_exact(48).take(24).flat_map(|row| &row[..32]).copied().collect();
    assert_eq!(found, wanted);
    // Encoder and decoder read one embedding, as wide as the wider of them.
    assert_eq!(network.parameters.find("embedding.weight").expect("there is one").shape, [13, 64]);
    assert!(narrow.floats("embedding.weight", &[13, 32]).is_ok());
}

#[test]
fn an_update_moves_all_tensors_of_its_architecture_and_no_other() {
    let point = architecture(&[Mix::Conv, Mix::AttentionAdd], &[Mix::AttentionShift], LinearForm::Dense);
    let keys = moved(shared(SharingMode::None), &point);
    let own = ["embedding", "encoder.0.C.", "encoder.1.AD.", "decoder.0.AS.", "decoder.0.cross"];
    assert_eq!(keys, with_prefix(&keys, &own), "others moved");
    let network = shared(SharingMode::None);
    let all: Vec<String> = network.parameters.iter().map(|(key, _)| key.clone()).collect();
    let wanted = with_prefix(&all, &own);
    let dense = |key: &&String| !key.contains(".add.") && (!key.contains(".shift.") || key.contains("local.shift"));
    let wanted: Vec<String> = wanted.iter().filter(dense).cloned().collect();
    assert_eq!(keys, wanted);
}

#[test]
fn local_operators_of_a_width_class_read_one_pool() {
    for (class, mixes) in [
        ("pure", [Mix::Conv, Mix::Add, Mix::Shift]),
        ("hybrid", [Mix::AttentionConv, Mix::AttentionAdd, Mix::AttentionShift]),
    ] {
        for mix in mixes {
            let point = architecture(&[mix, Mix::Attention], &[Mix::Attention], LinearForm::Dense);
            let keys = moved(shared(SharingMode::Hws), &point);
            for part in ["input.weight", "kernel", "output.weight"] {
                let pool = format!("encoder.0.{class}.local.{part}");
                assert!(keys.contains(&pool), "{mix}: no {pool} in {keys:?}");
            }
            let factors = keys.contains(&format!("encoder.0.{mix}.local.kernel.factors"));
            assert_eq!(factors, !matches!(mix, Mix::Conv | Mix::AttentionConv), "{mix}: {keys:?}");
            assert!(keys.contains(&format!("encoder.0.{mix}.local.input.dense.bias")));
        }
    }
}

#[test]
fn linear_forms_read_one_weight_each_in_its_way() {
    let network = shared(SharingMode::Hws);
    let weight = |form, part: &str| {
        let weights = network.export(&architecture(&[Mix::Attention; 2], &[Mix::Attention], form));
        let tensor = weights.get(&format!("encoder.0.{part}.weight")).expect("exported").shape.clone();
        weights.floats(&format!("encoder.0.{part}.weight"), &tensor).expect("floats").to_vec()
    };
    for part in ["mlp.expand", "mix.attention.query"] {
        let dense = weight(LinearForm::Dense, part);
        // Factors of T begin at 1.
        assert_eq!(weight(LinearForm::Add, part), dense);
        let shift = weight(LinearForm::Shift, part);
        assert!(shift.iter().all(|&weight| spaces::is_shift_weight(weight)));
        assert!(shift.iter().zip(&dense).all(|(shift, dense)| shift.signum() == dense.signum()));
    }
}

#[test]
fn the_matrix_of_a_shift_branch_is_its_input_projection_rounded() {
    let network = shared(SharingMode::Hws);
    let weights = network.export(&architecture(&[Mix::Shift, Mix::Attention], &[Mix::Attention], LinearForm::Dense));
    let [input, shift] = ["input", "shift"]
        .map(|part| weights.floats(&format!("encoder.0.mix.local.{part}.weight"), &[32, 32]).expect("exported"));
    assert_eq!(shift, kernels::shift::rounded(input));
}

#[test]
fn naive_sharing_has_no_transform_and_no_prior() {
    let network = shared(SharingMode::Naive);
    assert!(!network.parameters.iter().any(|(key, _)| key.ends_with("factors")));
    let point = architecture(&[Mix::Add, Mix::Conv], &[Mix::AttentionAdd], LinearForm::Dense);
    assert!(network.resolve(&point).shared.is_empty());
    let prior = |mode| {
        let training = TranslationTraining::default();
        TranslationTrainer::new(shared(mode), &training, 1).update(&[reversals(2, 4, 1)], &point).prior
    };
    assert_eq!([SharingMode::None, SharingMode::Naive].map(prior), [0.0; 2]);
    assert!(prior(SharingMode::Hws) > 0.0);
}

/// Weights begin uniform: standardised, their divergence from N(0, 1) is 0 and from Laplace(0, 1) 0.01 in the mean.
#[test]
fn the_prior_measures_weights_by_their_deviation_at_initialisation() {
    let network = shared(SharingMode::Hws);
    for (form, kind) in [(LinearForm::Dense, Operator::Conv), (LinearForm::Add, Operator::Add)] {
        let point = architecture(&[Mix::Attention; 2], &[Mix::Attention], form);
        let shared = network.resolve(&point).shared;
        assert!(!shared.is_empty());
        for (operator, weight) in shared {
            assert_eq!(operator, kind);
            let values = crate::parameters::host_values(weight);
            let variance = values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
            // 256 and more draws of variance 1 and fourth moment 9/5: four deviations of their mean square.
            assert!((variance - 1.0).abs() < 4.0 * (0.8_f32 / 256.0).sqrt(), "{variance}");
        }
    }
}

#[test]
fn shared_mlps_leave_one_per_layer() {
    let keys = |mlp| {
        let network = supernet(&sharing(SharingMode::Hws, mlp), &NetworkSettings::default());
        let of_layer = network.parameters.iter().map(|(key, _)| key.clone());
        of_layer.filter(|key| key.starts_with("encoder.0.") && key.ends_with("mlp.expand.weight")).count()
    };
    assert_eq!([keys(MlpSharing::Shared), keys(MlpSharing::PerCandidate)], [1, Mix::ALL.len()]);
}

#[test]
fn sharing_makes_a_supernet_smaller() {
    let scalars = |mode| {
        let sharing = TranslationSharing { mode, ..TranslationSharing::default() };
        let space = space(&[LinearForm::Dense]);
        TranslationNetwork::supernet(&space, &task(), &sharing, &NetworkSettings::default(), 1, &Device::flex())
            .expect("a space of networks")
            .parameters
            .scalars()
    };
    let [own, naive, hws] = [SharingMode::None, SharingMode::Naive, SharingMode::Hws].map(scalars);
    assert!(naive < hws && hws < own, "{naive} {hws} {own}");
}

#[test]
fn exponents_and_signs_are_not_shared() {
    let settings = NetworkSettings { shift: ShiftForm::Ps, ..NetworkSettings::default() };
    assert_eq!(TranslationSharing::default().validate(ShiftForm::Ps), Err(SharingError::PooledPs));
    let point = architecture(&[Mix::Shift, Mix::AttentionShift], &[Mix::Attention], LinearForm::Shift);
    let keys = moved(supernet(&sharing(SharingMode::None, MlpSharing::PerCandidate), &settings), &point);
    for part in ["exponent", "sign"] {
        assert!(keys.contains(&format!("encoder.0.S.local.shift.shift.weight.{part}")), "{keys:?}");
        assert!(keys.contains(&format!("decoder.0.A.mlp.expand.shift.weight.{part}")), "{keys:?}");
    }
}

#[test]
fn a_softmax_forces_released_add_kernels_into_the_unit_interval() {
    let kernel = |kernel_softmax| {
        let settings = NetworkSettings { kernel_softmax, ..NetworkSettings::default() };
        let network = supernet(&sharing(SharingMode::Hws, MlpSharing::PerCandidate), &settings);
        let weights = network.export(&architecture(&[Mix::Add, Mix::Conv], &[Mix::Attention], LinearForm::Dense));
        weights.floats("encoder.0.mix.local.kernel", &[16, 3]).expect("exported").to_vec()
    };
    assert!(kernel(KernelSoftmax::ConvOnly).iter().any(|&weight| weight < 0.0));
    let released = kernel(KernelSoftmax::Released);
    assert!(released.chunks_exact(3).all(|taps| (taps.iter().sum::<f32>() - 1.0).abs() < 1e-6));
}
