use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Learning rate over time: a linear rise, then a cosine to a floor (the recipe of DeiT).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Epochs of linear rise.
    #[serde(default)]
    pub warmup_epochs: f64,
    /// Rate at the start of the rise, as a share of the peak.
    #[serde(default = "default_warmup")]
    pub warmup_start: f64,
    /// Rate at the end, as a share of the peak.
    #[serde(default = "default_floor")]
    pub floor: f64,
    /// When the rate changes.
    #[serde(default)]
    pub changes: ScheduleSteps,
}

/// When the learning rate changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleSteps {
    /// At every step.
    #[default]
    Step,
    /// At every epoch, one epoch late: the authors' release calls the scheduler after the epoch.
    ReleasedEpoch,
}

const fn default_warmup() -> f64 {
    1e-3
}

const fn default_floor() -> f64 {
    1e-2
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            warmup_epochs: 0.0,
            warmup_start: default_warmup(),
            floor: default_floor(),
            changes: ScheduleSteps::default(),
        }
    }
}

impl Schedule {
    /// Returns the rate at a point of training: `epoch` counts from 0 with the share of the running epoch as
    /// fraction, `epochs` is the length of training, `peak` the highest rate.
    pub fn rate(&self, peak: f64, epoch: f64, epochs: f64) -> f64 {
        let time = match self.changes {
            ScheduleSteps::Step => epoch,
            ScheduleSteps::ReleasedEpoch => (epoch.floor() - 1.0).max(0.0),
        };
        if time < self.warmup_epochs {
            let start = self.warmup_start * peak;
            return start + (peak - start) * time / self.warmup_epochs;
        }
        let floor = self.floor * peak;
        floor + 0.5 * (peak - floor) * (1.0 + (PI * time / epochs).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rates that the authors' training logs show: 300 epochs, peak 1e-3, 5 epochs of rise from 1e-6.
    #[test]
    fn the_released_schedule_gives_the_logged_rates() {
        let schedule = Schedule { warmup_epochs: 5.0, changes: ScheduleSteps::ReleasedEpoch, ..Schedule::default() };
        let golden = [
            (0, 1e-6),
            (1, 1e-6),
            (2, 2.008e-4),
            (3, 4.006e-4),
            (6, 9.993_216_197_035_14e-4),
            (7, 9.990_232_305_719_944e-4),
            (150, 5.101_835_331_375_417e-4),
            (299, 1.010_856_167_995_147_9e-5),
        ];
        for (epoch, wanted) in golden {
            let found = schedule.rate(1e-3, f64::from(epoch), 300.0);
            assert!((found - wanted).abs() < 1e-15, "epoch {epoch}: {found} instead of {wanted}");
        }
    }
}
