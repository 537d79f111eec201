//! Turns a manifest into a plan and runs it over a content-addressed store.
//!
//! A [`Manifest`] names stages and joins their ports; a [`Registry`] knows what stages there are; a [`Plan`] is the
//! checked, ordered form of a manifest and says of every step whether it is fresh or why it is stale; [`run`] runs
//! what is stale; the [`Store`] keeps artifacts by the hash of their content and steps by their fingerprint.
//!
//! To write a stage: [`Stage`], [`inputs!`], [`outputs!`], [`Artifact`], [`Table`], [`Context`].
//!
//! The engine deliberately knows no stage and no word of what the stages are about, prints nothing, and reads no
//! clock that could change a result.

mod artifact;
mod checkpoint;
mod command;
mod context;
mod diagnostic;
mod diff;
mod digest;
mod event;
mod fingerprint;
mod folder;
mod ledger;
mod manifest;
mod matrix;
mod params;
mod plan;
mod ports;
mod reference;
mod registry;
mod run;
mod schema;
mod source;
mod source_digest;
mod stage;
mod stale;
mod step_record;
mod store;
mod table;
#[cfg(test)]
mod test_stages;
mod upstream;
mod wiring;

pub use artifact::{Artifact, ArtifactError, Format, Open, Publish};
pub use checkpoint::Checkpoint;
pub use context::{Context, Gate, Headline, Interrupt, Value, Verdict};
pub use diagnostic::{Colour, Diagnostic, ManifestError};
pub use diff::{ArtifactDiff, ColumnDiff, FileDiff, HeadlineDiff, TableDiff, diff, diff_headlines};
pub use digest::{Digest, DigestError};
pub use event::Event;
pub use fingerprint::{Fingerprint, Recipe, RecipeInput, RecipeSource};
pub use folder::{FileEntry, Folder, FolderFile, FolderWriter, LISTING, Listing, open_at, publish_at};
pub use manifest::{Manifest, SummaryLine};
pub use plan::{Plan, PlanError, Status, Step};
pub use ports::{
    Arity, InputFolders, InputPort, InputSlot, Inputs, Many, One, Optional, OutputFolders, OutputPort, Outputs,
    Presence,
};
pub use reference::{ParamDoc, param_docs, reference};
pub use registry::{Registry, StageDescription};
pub use run::{
    Failure, OnFailure, Options, OutputReport, RunError, RunReport, State, StepReport, SummaryRow, Verify, run,
};
pub use source::SourcePath;
pub use stage::{Stage, StageError};
pub use stale::StaleReason;
pub use step_record::{Provenance, RecordedOutput, StepRecord};
pub use store::{Collected, Fault, Keep, Listed, Problem, Store, StoreError, Sweep};
pub use table::{Cell, CellType, Table, TableError, TableReader, TableWriter};
pub use upstream::{Producer, Unmet, UnmetStep, Upstream};
