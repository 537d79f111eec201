//! What a stage may know of the steps that feed it before anything runs, and the refusal that may follow.

use crate::stage::Stage;
use crate::wiring::{Binding, Endpoint, Wired};

/// What was asked for cannot be had, whatever the steps before it make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unmet {
    /// The limit, the closest that can be had, and the fix.
    pub message: String,
}

/// A step that asks for what cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step `{step}`: {unmet}")]
pub struct UnmetStep {
    /// The step's id.
    pub step: String,
    /// What cannot be had.
    pub unmet: Unmet,
}

/// The steps that feed a step: their kinds and params, and those of the steps that feed them.
#[derive(Clone, Copy)]
pub struct Upstream<'a> {
    steps: &'a [Wired],
    bindings: &'a [Binding],
}

/// A step that feeds an input port.
#[derive(Clone, Copy)]
pub struct Producer<'a> {
    steps: &'a [Wired],
    wired: &'a Wired,
}

impl<'a> Upstream<'a> {
    /// Returns the step that feeds the port: `None` for a port that is not bound or not there, the first of several.
    pub fn of(&self, port: &str) -> Option<Producer<'a>> {
        let Self { steps, bindings } = *self;
        let binding = bindings.iter().find(|binding| binding.port == port)?;
        let Endpoint { step, .. } = binding.sources.first()?;
        Some(Producer { steps, wired: &steps[*step] })
    }
}

impl<'a> Producer<'a> {
    /// Returns the step's params if it is of stage `S`: another stage, or an external program, may make the same format.
    pub fn params<S: Stage>(&self) -> Option<&'a S::Params> {
        let same = self.wired.description.kind == S::KIND;
        same.then(|| self.wired.params.value.downcast_ref::<S::Params>()).flatten()
    }

    /// Returns what feeds the step itself.
    pub fn upstream(&self) -> Upstream<'a> {
        Upstream { steps: self.steps, bindings: &self.wired.bindings }
    }
}

/// Asks every step whether what it wants can be had and returns all that cannot, in the order of the steps.
pub(crate) fn unmet(steps: &[Wired]) -> Vec<UnmetStep> {
    let ask = |wired: &Wired| {
        let upstream = Upstream { steps, bindings: &wired.bindings };
        let unmet = wired.stage.foresee(&wired.params, &upstream).err()?;
        Some(UnmetStep { step: wired.id.clone(), unmet })
    };
    steps.iter().filter_map(ask).collect()
}

#[cfg(test)]
mod tests;
