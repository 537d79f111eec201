//! Which stages a manifest can name.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::command;
use crate::context::Context;
use crate::params::{self, ParamsError};
use crate::ports::{InputFolders, InputPort, Inputs, OutputFolders, OutputPort, Outputs};
use crate::stage::{Stage, StageError};
use crate::upstream::{Unmet, Upstream};

/// A stage without its types: what a plan holds.
pub(crate) trait ErasedStage: Send + Sync {
    fn kind(&self) -> &'static str;

    fn description(&self) -> StageDescription;

    fn parse(&self, params: serde_json::Value, base: &Path) -> Result<ErasedParams, ParamsError>;

    fn foresee(&self, params: &ErasedParams, upstream: &Upstream<'_>) -> Result<(), Unmet>;

    fn run(
        &self,
        params: &ErasedParams,
        inputs: &InputFolders,
        context: &mut Context<'_>,
        outputs: &mut OutputFolders<'_>,
    ) -> Result<(), StageError>;
}

/// Params of a stage without their type.
pub(crate) struct ErasedParams {
    pub(crate) value: Box<dyn Any + Send + Sync>,
    /// Re-serialized with defaults filled in.
    pub(crate) json: serde_json::Value,
    pub(crate) sources: Vec<Source>,
    /// What the stage finds wrong with them.
    pub(crate) fault: Option<String>,
}

impl ErasedParams {
    fn of<S: Stage>(&self) -> &S::Params {
        self.value.downcast_ref().expect("params were parsed by this very stage")
    }
}

/// A source file or folder: as the manifest writes it, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) written: String,
    pub(crate) path: PathBuf,
}

/// Everything a stage declares about itself.
#[derive(Debug, Clone, Serialize)]
pub struct StageDescription {
    /// [`Stage::KIND`].
    pub kind: String,
    /// [`Stage::VERSION`].
    pub version: u32,
    /// [`Stage::SUMMARY`].
    pub summary: String,
    /// The input ports in the order of declaration.
    pub inputs: Vec<InputPort>,
    /// The output ports in the order of declaration.
    pub outputs: Vec<OutputPort>,
    /// The JSON schema of the params.
    pub params: serde_json::Value,
}

struct Typed<S>(S);

impl<S: Stage> ErasedStage for Typed<S> {
    fn kind(&self) -> &'static str {
        S::KIND
    }

    fn description(&self) -> StageDescription {
        StageDescription {
            kind: S::KIND.to_owned(),
            version: S::VERSION,
            summary: S::SUMMARY.to_owned(),
            inputs: S::Inputs::ports(),
            outputs: S::Outputs::ports(),
            params: schemars::schema_for!(S::Params).to_value(),
        }
    }

    fn parse(&self, params: serde_json::Value, base: &Path) -> Result<ErasedParams, ParamsError> {
        let (value, json) = params::parse::<S::Params>(params)?;
        let sources = self.0.sources(&value);
        let sources = params::resolve_sources(S::KIND, &json, &sources, base)?;
        let fault = self.0.check(&value).err();
        Ok(ErasedParams { value: Box::new(value), json, sources, fault })
    }

    fn foresee(&self, params: &ErasedParams, upstream: &Upstream<'_>) -> Result<(), Unmet> {
        self.0.foresee(params.of::<S>(), upstream)
    }

    fn run(
        &self,
        params: &ErasedParams,
        inputs: &InputFolders,
        context: &mut Context<'_>,
        outputs: &mut OutputFolders<'_>,
    ) -> Result<(), StageError> {
        let params = params.of::<S>();
        let inputs = S::Inputs::open(inputs)?;
        let made = self.0.run(params, inputs, context)?;
        Ok(made.publish(outputs)?)
    }
}

/// The stages a manifest can name, in flow order. `command` is always there.
#[derive(Clone, Default)]
pub struct Registry {
    stages: Vec<Arc<dyn ErasedStage>>,
}

impl Registry {
    /// Returns a registry of no stages but `command`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the registry with one more stage.
    ///
    /// # Panics
    /// When the kind is taken or the params accept unknown keys: mistakes of the calling code.
    #[must_use]
    pub fn with<S: Stage>(mut self, stage: S) -> Self {
        let taken = S::KIND == command::KIND || self.kinds().iter().any(|kind| kind == S::KIND);
        assert!(!taken, "stage kind `{}` is registered once", S::KIND);
        let stage = Typed(stage);
        let closed = stage.description().params.get("additionalProperties") == Some(&false.into());
        assert!(closed, "the params of stage `{}` are a struct with `deny_unknown_fields`", S::KIND);
        self.stages.push(Arc::new(stage));
        self
    }

    /// Returns all kinds in flow order, without `command`.
    pub fn kinds(&self) -> Vec<String> {
        let stages = self.stages.iter();
        stages.map(|stage| stage.kind().to_owned()).collect()
    }

    /// Returns what every stage declares, in flow order; `command` comes last.
    pub fn describe(&self) -> Vec<StageDescription> {
        let stages = self.stages.iter();
        let mut all: Vec<_> = stages.map(|stage| stage.description()).collect();
        all.push(command::description());
        all
    }

    /// Returns the one-line summary of every format some stage makes.
    pub fn formats(&self) -> BTreeMap<String, String> {
        let outputs = self.stages.iter().flat_map(|stage| stage.description().outputs);
        outputs.map(|port| (port.format.name, port.summary)).collect()
    }

    pub(crate) fn get(&self, kind: &str) -> Option<Arc<dyn ErasedStage>> {
        let found = self.stages.iter().find(|stage| stage.kind() == kind);
        found.cloned()
    }

    /// Returns the version of a format as some stage reads or makes it.
    pub(crate) fn format_version(&self, name: &str) -> Option<u32> {
        self.stages.iter().find_map(|stage| {
            let description = stage.description();
            let inputs = description.inputs.into_iter().filter_map(|port| port.format);
            let outputs = description.outputs.into_iter().map(|port| port.format);
            let mut formats = inputs.chain(outputs);
            formats.find(|format| format.name == name).map(|format| format.version)
        })
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.kinds()).finish()
    }
}
