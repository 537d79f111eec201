//! A training with progress, checkpoints and interruption: what the three training stages share.

use std::ops::ControlFlow;

use datasets::{Normalization, Pictures};
use engine::{Context, StageError, open_at, publish_at};
use networks::Device;
use networks::training::{EpochSummary, Trainer, TrainingSettings};
use spaces::{FeatureMap, Graph, Task};

use crate::artifacts::{DatasetDescription, TrainingSnapshot};

/// Name of the artifact inside a checkpoint.
const SNAPSHOT: &str = "snapshot";

/// Whether a training writes checkpoints of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Checkpoints {
    /// After every epoch.
    EveryEpoch,
    /// Never: the stage checkpoints around it.
    Never,
}

/// Trains to the last epoch, from the newest checkpoint if there is one. `path` returns the graph of a step.
pub fn train(
    trainer: &mut Trainer<'_>,
    epochs: usize,
    (pictures, pixels): (&Pictures, &Normalization),
    checkpoints: Checkpoints,
    context: &mut Context<'_>,
    mut path: impl FnMut(usize) -> Graph,
) -> Result<Vec<EpochSummary>, StageError> {
    let mut log = match checkpoints {
        Checkpoints::EveryEpoch => resume(trainer, context)?,
        Checkpoints::Never => Vec::new(),
    };
    while trainer.epochs < epochs {
        let interrupt = context.interrupt();
        let (epoch, all) = (trainer.epochs, epochs);
        let message = format!("epoch {} of {all}", epoch + 1);
        let summary = trainer.epoch(pictures, pixels, &mut path, |step, steps| {
            context.progress((epoch * steps + step) as u64, (all * steps) as u64, &message);
            if interrupt.is_requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let summary = summary.ok_or(StageError::Interrupted)?;
        if !summary.loss.is_finite() {
            let message = format!("the loss of epoch {} is {}; lower `learning_rate`", epoch + 1, summary.loss);
            return Err(StageError::failed(message));
        }
        log.push(summary);
        if checkpoints == Checkpoints::EveryEpoch && trainer.epochs < epochs {
            save(trainer, &log, context)?;
        }
    }
    Ok(log)
}

fn resume(trainer: &mut Trainer<'_>, context: &mut Context<'_>) -> Result<Vec<EpochSummary>, StageError> {
    let Some(folder) = context.checkpoint().load() else { return Ok(Vec::new()) };
    let saved: TrainingSnapshot = open_at(folder.join(SNAPSHOT))?;
    context.note(&format!("resumed after epoch {}", saved.snapshot.epochs));
    trainer.restore(saved.snapshot);
    Ok(saved.log)
}

fn save(trainer: &Trainer<'_>, log: &[EpochSummary], context: &Context<'_>) -> Result<(), StageError> {
    let saved = TrainingSnapshot { snapshot: trainer.snapshot(), log: log.to_vec() };
    context.checkpoint().save(|folder| Ok(publish_at(folder.join(SNAPSHOT), saved).map(|_| ())?))
}

/// Returns the device of the run.
pub fn device(context: &Context<'_>) -> Result<Device, StageError> {
    networks::device::device(context.device()).map_err(|error| StageError::usage(error.to_string()))
}

/// Returns the task that a data set sets.
pub fn task(description: &DatasetDescription) -> Task {
    let shape = description.shape;
    let input = FeatureMap { channels: shape.channels, height: shape.height, width: shape.width };
    Task { input, classes: description.classes.len() }
}

/// Checks training settings that no type can.
pub fn check(settings: &TrainingSettings) -> Result<(), String> {
    let refuse =
        |name: &str, wanted: &str, found: String| Err(format!("`training.{name}` wants {wanted}, found {found}"));
    let rate = settings.learning_rate;
    if settings.epochs == 0 {
        return refuse("epochs", "at least 1", "0".to_owned());
    }
    if settings.batch_size == 0 {
        return refuse("batch_size", "at least 1", "0".to_owned());
    }
    if !(rate.is_finite() && rate > 0.0) {
        return refuse("learning_rate", "a positive number", rate.to_string());
    }
    if !(0.0..1.0).contains(&settings.label_smoothing) {
        return refuse("label_smoothing", "0 to below 1", settings.label_smoothing.to_string());
    }
    if !(0.0..=1.0).contains(&settings.augmentation.erase_probability) {
        let found = settings.augmentation.erase_probability.to_string();
        return refuse("augmentation.erase_probability", "0 to 1", found);
    }
    Ok(())
}
