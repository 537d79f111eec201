//! The training of a translation network with progress, looks at the valid split, checkpoints and interruption: what
//! the three training stages of translation share.

use datasets::{EncodedPairs, TokenBudget, token_batches};
use engine::{Context, StageError, open_at, publish_at};
use networks::translation::{NetworkSettings, TranslationTrainer, TranslationTraining, UpdateSummary};
use spaces::TransformerArchitecture;

use crate::artifacts::{TranslationLogRow, TranslationState};

/// Name of the artifact inside a checkpoint.
const STATE: &str = "state";

/// The train split, dealt out update by update.
pub struct Feed<'a> {
    pairs: &'a EncodedPairs,
    lengths: Vec<(u32, u32)>,
    budget: TokenBudget,
    batches_per_update: usize,
    seed: u64,
}

impl<'a> Feed<'a> {
    /// Returns the feed of a split; the order of its epochs is decided by `seed`.
    pub fn new(pairs: &'a EncodedPairs, budget: TokenBudget, training: &TranslationTraining, seed: u64) -> Self {
        let batches_per_update = training.batches_per_update;
        Self { pairs, lengths: pairs.lengths(), budget, batches_per_update, seed }
    }

    /// Returns the updates of an epoch: lists of batches of pair positions.
    fn epoch(&self, epoch: u32) -> Vec<Vec<Vec<usize>>> {
        let batches = token_batches(&self.lengths, &self.budget, self.seed, u64::from(epoch));
        batches.chunks(self.batches_per_update).map(<[Vec<usize>]>::to_vec).collect()
    }
}

/// What a look at the valid split found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Bits per target token.
    pub nll_bits: Option<f64>,
    /// Tokenized BLEU.
    pub bleu: Option<f64>,
}

/// When a training is interrupted by looks and checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Updates in all.
    pub updates: usize,
    /// Updates between two looks; `None` for one after every epoch.
    pub look_every: Option<usize>,
    /// Whether looks are followed by a checkpoint.
    pub checkpoints: Checkpoints,
}

impl Pace {
    fn looks(&self, updates: usize, ends_epoch: bool) -> bool {
        updates == self.updates || self.look_every.map_or(ends_epoch, |every| updates.is_multiple_of(every))
    }
}

/// Whether a training writes checkpoints of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// After every look.
    EveryLook,
    /// Never: the stage checkpoints around it.
    Never,
}

/// Trains to the last update, from the newest checkpoint if there is one. `path` returns the architecture of an update,
/// `look` is asked after every epoch or every so many updates, and after the last one.
pub fn train(
    trainer: &mut TranslationTrainer<'_>,
    feed: &Feed<'_>,
    pace: Pace,
    context: &mut Context<'_>,
    mut path: impl FnMut(usize) -> TransformerArchitecture,
    mut look: impl FnMut(&TranslationTrainer<'_>, &mut TranslationState, &mut Context<'_>) -> Result<Look, StageError>,
) -> Result<TranslationState, StageError> {
    let mut state = match pace.checkpoints {
        Checkpoints::EveryLook => resume(trainer, context)?,
        Checkpoints::Never => TranslationState::default(),
    };
    let mut since = Totals::default();
    while trainer.updates < pace.updates {
        let updates = feed.epoch(state.epoch);
        if updates.is_empty() {
            return Err(StageError::usage("the train split has no pair within `budget.longest` tokens"));
        }
        while state.next < updates.len() && trainer.updates < pace.updates {
            context.check_interrupt()?;
            let batches: Vec<_> = updates[state.next].iter().map(|batch| feed.pairs.batch(batch)).collect();
            let summary = trainer.update(&batches, &path(trainer.updates));
            since.add(&summary, trainer.updates)?;
            state.next += 1;
            let message = format!("epoch {}, {:.2} bits per token", state.epoch + 1, summary.smoothed_bits);
            context.progress(trainer.updates as u64, pace.updates as u64, &message);
            if pace.looks(trainer.updates, state.next == updates.len()) {
                let found = look(trainer, &mut state, context)?;
                state.log.push(since.row(trainer.updates, state.epoch, found));
                since = Totals::default();
                // A resumed training sorts anew as well.
                trainer.network.forget_segments();
                if pace.checkpoints == Checkpoints::EveryLook && trainer.updates < pace.updates {
                    save(trainer, &state, context)?;
                }
            }
        }
        if state.next == updates.len() {
            (state.epoch, state.next) = (state.epoch + 1, 0);
        }
    }
    Ok(state)
}

/// Sums over the updates since the last look.
#[derive(Default)]
struct Totals {
    updates: usize,
    smoothed_bits: f64,
    prior: f64,
    rate: f64,
}

impl Totals {
    fn add(&mut self, summary: &UpdateSummary, update: usize) -> Result<(), StageError> {
        if !summary.smoothed_bits.is_finite() {
            let message = format!("the loss of update {update} is {}; lower `peak_rate`", summary.smoothed_bits);
            return Err(StageError::failed(message));
        }
        self.updates += 1;
        self.smoothed_bits += summary.smoothed_bits;
        self.prior += summary.prior;
        self.rate = summary.rate;
        Ok(())
    }

    fn row(&self, update: usize, epoch: u32, look: Look) -> TranslationLogRow {
        let mean = |sum: f64| sum / self.updates.max(1) as f64;
        TranslationLogRow {
            update: update as u64,
            epoch,
            train_loss_bits: mean(self.smoothed_bits),
            prior: mean(self.prior),
            valid_nll_bits: look.nll_bits,
            valid_bleu: look.bleu,
            learning_rate: self.rate,
        }
    }
}

fn resume(trainer: &mut TranslationTrainer<'_>, context: &mut Context<'_>) -> Result<TranslationState, StageError> {
    let Some(folder) = context.checkpoint().load() else { return Ok(TranslationState::default()) };
    let mut saved: TranslationState = open_at(folder.join(STATE))?;
    if let Some(snapshot) = saved.snapshot.take() {
        context.note(&format!("resumed after update {}", snapshot.updates));
        trainer.restore(snapshot);
    }
    Ok(saved)
}

fn save(trainer: &TranslationTrainer<'_>, state: &TranslationState, context: &Context<'_>) -> Result<(), StageError> {
    let saved = TranslationState { snapshot: Some(trainer.snapshot()), ..state.clone() };
    context.checkpoint().save(|folder| Ok(publish_at(folder.join(STATE), saved).map(|_| ())?))
}

/// Checks settings that no type can.
pub fn check(network: &NetworkSettings, training: &TranslationTraining, budget: &TokenBudget) -> Result<(), String> {
    network.validate().map_err(|error| format!("`network`: {error}"))?;
    training.validate().map_err(|error| format!("`training`: {error}"))?;
    for (name, value) in [("tokens", budget.tokens), ("longest", budget.longest), ("multiple", budget.multiple)] {
        if value == 0 {
            return Err(format!("`batch.{name}` wants at least 1, found 0"));
        }
    }
    Ok(())
}
