use spaces::SearchSpace;

use super::*;
use crate::evaluation::Inference;
use crate::samples::{genome, pictures, prior, settings, space, supernet, task};
use crate::sharing::{SharingMode, ShiftForm};

/// Trains a supernet with a random path per step up to an epoch.
fn train(trainer: &mut Trainer<'_>, until: usize) {
    let (pictures, pixels) = pictures();
    while trainer.epochs < until {
        let path = |step: usize| {
            let mut rng = ChaCha12Rng::seed_from_u64(step as u64);
            space().graph(&space().sample(&mut rng), task())
        };
        trainer.epoch(&pictures, &pixels, path, |_, _| ControlFlow::Continue(())).expect("nobody breaks off");
    }
}

#[test]
fn a_restored_supernet_trains_on_to_the_same_bytes() {
    for optimizer in [OptimizerSettings::default(), OptimizerSettings::Sgd { momentum: 0.9, weight_decay: 5e-4 }] {
        let settings = TrainingSettings { optimizer, ..settings(4) };
        let mode = SharingMode::Hws;
        let mut straight = Trainer::new(supernet(mode), &settings, prior(mode), 7);
        train(&mut straight, 4);
        let mut first = Trainer::new(supernet(mode), &settings, prior(mode), 7);
        train(&mut first, 2);
        let mut second = Trainer::new(supernet(mode), &settings, prior(mode), 7);
        second.restore(first.snapshot());
        train(&mut second, 4);
        assert!(second.snapshot() == straight.snapshot(), "{optimizer:?}");
    }
}

#[test]
fn tensors_off_the_path_keep_value_and_memory() {
    let settings = settings(1);
    let mut trainer = Trainer::new(supernet(SharingMode::None), &settings, None, 1);
    let before = trainer.snapshot();
    let (pictures, pixels) = pictures();
    let graph = space().graph(&genome("C.CC"), task());
    trainer.epoch(&pictures, &pixels, |_| graph.clone(), |_, _| ControlFlow::Continue(())).unwrap();
    let after = trainer.snapshot();
    let off_the_path = |key: &str| [".add.", ".shift.", ".attention."].iter().any(|operator| key.contains(operator));
    let mut kept = 0;
    for (old, new) in before.tensors.iter().zip(&after.tensors).filter(|(old, _)| off_the_path(&old.0)) {
        assert_eq!(old, new);
        kept += 1;
    }
    assert!(kept > 0);
    assert!(!after.memory.iter().any(|momentum| off_the_path(&momentum.key)));
    assert!(after.memory.iter().any(|momentum| momentum.key.contains("level0.conv.")));
}

#[test]
fn every_operator_learns() {
    let (pictures, pixels) = pictures();
    let settings = settings(12);
    for path in ["A.AA", "C.CC", "S.SS", "D.DD"] {
        let graph = space().graph(&genome(path), task());
        let network = Network::subnet(&graph, ShiftForm::Q, 1, &burn::tensor::Device::flex());
        let mut trainer = Trainer::new(network, &settings, None, 1);
        while trainer.epochs < settings.epochs {
            trainer.epoch(&pictures, &pixels, |_| graph.clone(), |_, _| ControlFlow::Continue(())).unwrap();
        }
        let inference = Inference::of_path(&trainer.network, &graph, trainer.statistics.clone());
        let accuracy = inference.accuracy(&pictures, &pixels, 32);
        // Four classes: chance is 0.25.
        assert!(accuracy > 0.7, "{path} reaches {accuracy}");
    }
}

#[test]
fn breaking_off_an_epoch_says_so() {
    let (pictures, pixels) = pictures();
    let settings = settings(1);
    let mut trainer = Trainer::new(supernet(SharingMode::Hws), &settings, None, 1);
    let graph = space().graph(&genome("C.CC"), task());
    assert_eq!(trainer.epoch(&pictures, &pixels, |_| graph.clone(), |_, _| ControlFlow::Break(())), None);
}

#[test]
fn smoothed_targets_cost_the_share_they_spread() {
    let device = burn::tensor::Device::flex();
    let logits = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 2.0]], &device);
    let loss = |smoothing| cross_entropy(logits.clone(), &[0, 1], smoothing).into_scalar::<f32>();
    // −log softmax is ln(1 + e⁻²) = 0.126928 at the label and 2.126928 beside it.
    assert!((loss(0.0) - 0.126_928).abs() < 1e-5);
    assert!((loss(0.2) - (0.8 * 0.126_928 + 0.2 * 1.126_928)).abs() < 1e-5);
}
