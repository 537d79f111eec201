//! Why a step must run: data, with the old and the new value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::artifact::Format;
use crate::digest::Digest;
use crate::fingerprint::{Recipe, RecipeInput};
use crate::store::Problem;

/// One reason why a step must run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleReason {
    /// No run of this step under this manifest is known.
    NeverRan,
    /// The user asked for it.
    Forced,
    /// The step is of another kind now.
    KindChanged {
        /// The kind of the last run.
        old: String,
        /// The kind now.
        new: String,
    },
    /// The stage's code has another version.
    VersionChanged {
        /// The version of the last run.
        old: u32,
        /// The version now.
        new: u32,
    },
    /// A param has another value.
    Param {
        /// The keys down to it, joined by dots.
        path: String,
        /// The value of the last run; `None` if there was none.
        old: Option<Value>,
        /// The value now; `None` if there is none.
        new: Option<Value>,
    },
    /// An input has other content.
    Input {
        /// The port.
        port: String,
        /// The digests of the last run.
        old: Vec<Digest>,
        /// The digests now.
        new: Vec<Digest>,
    },
    /// An input's content is not known before another step has run.
    InputStale {
        /// The port.
        port: String,
        /// The step that makes it.
        step: String,
    },
    /// A port has another format.
    FormatChanged {
        /// The port.
        port: String,
        /// The format of the last run.
        old: Option<Format>,
        /// The format now.
        new: Option<Format>,
    },
    /// A raw file or folder has other content.
    SourceChanged {
        /// The path as the manifest writes it.
        path: String,
        /// The digest of the last run, if there was one.
        old: Option<Digest>,
        /// The digest now, if there is one.
        new: Option<Digest>,
    },
    /// The step's seed is another.
    SeedChanged {
        /// The seed of the last run.
        old: u64,
        /// The seed now.
        new: u64,
    },
    /// The store has lost the record of the last run.
    RecordMissing,
    /// An output of the last run is not in the store, or not what its digest says.
    Artifact {
        /// The port.
        port: String,
        /// What is wrong.
        problem: Problem,
    },
}

impl fmt::Display for StaleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverRan => f.write_str("never ran"),
            Self::Forced => f.write_str("forced"),
            Self::KindChanged { old, new } => write!(f, "kind {old} -> {new}"),
            Self::VersionChanged { old, new } => write!(f, "stage version {old} -> {new}"),
            Self::Param { path, old, new } => {
                write!(f, "params.{path} {} -> {}", shown(old), shown(new))
            }
            Self::Input { port, old, new } => {
                write!(f, "input {port} {} -> {}", digests(old), digests(new))
            }
            Self::InputStale { port, step } => write!(f, "input {port} waits for {step}"),
            Self::FormatChanged { port, old, new } => {
                write!(f, "format of {port} {} -> {}", shown(old), shown(new))
            }
            Self::SourceChanged { path, old, new } => {
                let short = |digest: &Option<Digest>| digest.map(|digest| digest.short());
                write!(f, "source {path} {} -> {}", shown(&short(old)), shown(&short(new)))
            }
            Self::SeedChanged { old, new } => write!(f, "seed {old} -> {new}"),
            Self::RecordMissing => f.write_str("the record of the last run is gone"),
            Self::Artifact { port, problem } => write!(f, "output {port}: {problem}"),
        }
    }
}

fn shown<T: fmt::Display>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "none".to_owned(), T::to_string)
}

fn digests(digests: &[Digest]) -> String {
    match digests {
        [] => "none".to_owned(),
        digests => digests.iter().map(Digest::short).collect::<Vec<_>>().join(","),
    }
}

/// Returns every difference between the last run's recipe and the present one. Ports in `waiting` are not compared.
pub(crate) fn compare(old: &Recipe, new: &Recipe, waiting: &BTreeSet<String>) -> Vec<StaleReason> {
    let mut reasons = Vec::new();
    if old.kind != new.kind {
        let (old, new) = (old.kind.clone(), new.kind.clone());
        return vec![StaleReason::KindChanged { old, new }];
    }
    if old.version != new.version {
        let (old, new) = (old.version, new.version);
        reasons.push(StaleReason::VersionChanged { old, new });
    }
    compare_params("", Some(&old.params), Some(&new.params), &mut reasons);
    compare_inputs(&old.inputs, &new.inputs, waiting, &mut reasons);
    for port in union(&old.outputs, &new.outputs) {
        let formats = (old.outputs.get(port), new.outputs.get(port));
        reasons.extend(format_change(port, formats.0, formats.1));
    }
    compare_sources(old, new, &mut reasons);
    if old.seed != new.seed {
        let (old, new) = (old.seed, new.seed);
        reasons.push(StaleReason::SeedChanged { old, new });
    }
    reasons
}

fn union<'a, V>(a: &'a BTreeMap<String, V>, b: &'a BTreeMap<String, V>) -> BTreeSet<&'a String> {
    a.keys().chain(b.keys()).collect()
}

fn format_change(port: &str, old: Option<&Format>, new: Option<&Format>) -> Option<StaleReason> {
    (old != new).then(|| StaleReason::FormatChanged { port: port.to_owned(), old: old.cloned(), new: new.cloned() })
}

fn compare_inputs(
    old: &BTreeMap<String, Vec<RecipeInput>>,
    new: &BTreeMap<String, Vec<RecipeInput>>,
    waiting: &BTreeSet<String>,
    reasons: &mut Vec<StaleReason>,
) {
    for port in union(old, new) {
        let of = |inputs: &BTreeMap<String, Vec<RecipeInput>>| inputs.get(port).cloned();
        let (old, new) = (of(old).unwrap_or_default(), of(new).unwrap_or_default());
        if old == new || waiting.contains(port) {
            continue;
        }
        let digests = |inputs: &[RecipeInput]| inputs.iter().map(|input| input.digest).collect();
        match (old.as_slice(), new.as_slice()) {
            ([one], [other]) if one.format != other.format => {
                reasons.extend(format_change(port, Some(&one.format), Some(&other.format)));
            }
            (old, new) => reasons.push(StaleReason::Input { port: port.clone(), old: digests(old), new: digests(new) }),
        }
    }
}

fn compare_sources(old: &Recipe, new: &Recipe, reasons: &mut Vec<StaleReason>) {
    for i in 0..old.sources.len().max(new.sources.len()) {
        let (old, new) = (old.sources.get(i), new.sources.get(i));
        let digests = (old.map(|source| source.digest), new.map(|source| source.digest));
        if digests.0 == digests.1 {
            continue;
        }
        let named = new.or(old);
        reasons.push(StaleReason::SourceChanged {
            path: named.map(|source| source.written.clone()).unwrap_or_default(),
            old: digests.0,
            new: digests.1,
        });
    }
}

fn compare_params(path: &str, old: Option<&Value>, new: Option<&Value>, reasons: &mut Vec<StaleReason>) {
    let empty = serde_json::Map::new();
    match (old, new) {
        (old, new) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let path = match path {
                    "" => key.clone(),
                    path => format!("{path}.{key}"),
                };
                compare_params(&path, old.get(key), new.get(key), reasons);
            }
        }
        // A table that comes or goes is told by its keys where there are any.
        (Some(Value::Object(old)), None) if !old.is_empty() => {
            compare_params(path, Some(&old.clone().into()), Some(&empty.into()), reasons);
        }
        (old, new) => reasons.push(StaleReason::Param { path: path.to_owned(), old: old.cloned(), new: new.cloned() }),
    }
}
