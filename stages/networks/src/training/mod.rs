//! Training of subnets and supernets.

mod optimizer;
mod schedule;
mod trainer;

pub(crate) use optimizer::default_betas;
pub use optimizer::{Momentum, Optimizer, OptimizerSettings};
pub use schedule::{Schedule, ScheduleSteps};
pub(crate) use trainer::images;
pub use trainer::largest;
pub use trainer::{EpochSummary, Snapshot, Trainer, TrainingSettings};
