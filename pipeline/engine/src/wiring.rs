//! A manifest checked against a registry: kinds, ports, params, sources; in an order in which it can run.

use std::path::Path;
use std::sync::Arc;

use crate::command::{self, CommandStage};
use crate::diagnostic::{Diagnostic, ManifestError};
use crate::manifest::spans::{Node, NodeValue, Span};
use crate::manifest::{Manifest, StageEntry};
use crate::matrix;
use crate::params;
use crate::ports::Arity;
use crate::registry::{ErasedParams, ErasedStage, Registry, StageDescription};

mod bind;
mod order;

pub(crate) use bind::Bound;

/// A step: one instance of a stage of the manifest.
pub(crate) struct Wired {
    pub(crate) id: String,
    pub(crate) stage_id: String,
    pub(crate) stage: Arc<dyn ErasedStage>,
    pub(crate) description: Arc<StageDescription>,
    pub(crate) params: Arc<ErasedParams>,
    pub(crate) bindings: Vec<Binding>,
}

/// What is bound to an input port of a step.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) port: String,
    pub(crate) arity: Arity,
    pub(crate) sources: Vec<Endpoint>,
}

/// An output of a step, by the step's position.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) step: usize,
    pub(crate) port: String,
}

/// A stage of the manifest with its code found.
pub(crate) struct Found<'m> {
    pub(crate) entry: &'m StageEntry,
    pub(crate) stage: Arc<dyn ErasedStage>,
    pub(crate) description: Arc<StageDescription>,
}

/// Checks the manifest and returns its steps in an order in which they can run.
pub(crate) fn wire(manifest: &Manifest, registry: &Registry) -> Result<Vec<Wired>, ManifestError> {
    let mut errors = Vec::new();
    let found = find(manifest, registry, &mut errors);
    let bound = bind::bind(manifest, &found, &mut errors);
    let order = order::order(manifest, &mut errors);
    let parsed = parse(manifest, &found, &mut errors);
    if !errors.is_empty() {
        return Err(ManifestError::new(errors, &manifest.sources));
    }
    let found = found.into_iter().flatten().collect();
    matrix::expand(found, &bound, &order, parsed).map_err(|error| ManifestError::new(vec![error], &manifest.sources))
}

fn find<'m>(manifest: &'m Manifest, registry: &Registry, errors: &mut Vec<Diagnostic>) -> Vec<Option<Found<'m>>> {
    let kinds: Vec<String> = registry.describe().into_iter().map(|stage| stage.kind).collect();
    let mut find = |entry: &'m StageEntry| {
        let kind = &entry.kind;
        let stage = if kind.text == command::KIND {
            Some(Arc::new(CommandStage::new(entry, registry)) as Arc<dyn ErasedStage>)
        } else {
            if let Some(output) = entry.outputs.first() {
                let message = "only a stage of kind `command` declares its outputs here";
                errors.push(Diagnostic::new(message).at(&output.port.span));
            }
            registry.get(&kind.text)
        };
        if stage.is_none() {
            errors.push(
                Diagnostic::new(format!("there is no stage of kind `{}`", kind.text))
                    .at(&kind.span)
                    .did_you_mean(&kind.text, kinds.iter().map(String::as_str)),
            );
        }
        let stage = stage?;
        Some(Found { entry, description: Arc::new(stage.description()), stage })
    };
    manifest.stages.iter().map(&mut find).collect()
}

/// Parses the params of every stage, once for each combination of its own matrix values.
fn parse(manifest: &Manifest, found: &[Option<Found<'_>>], errors: &mut Vec<Diagnostic>) -> Vec<Vec<matrix::Choice>> {
    let mut all = Vec::new();
    for found in found.iter().flatten() {
        let mut choices = Vec::new();
        for (axes, node) in matrix::choices(found.entry, errors) {
            match parse_one(manifest, found, &node) {
                Ok(params) => choices.push(matrix::Choice { axes, params: Arc::new(params) }),
                Err(mistakes) => {
                    let new: Vec<_> = mistakes.into_iter().filter(|mistake| !errors.contains(mistake)).collect();
                    errors.extend(new);
                }
            }
        }
        all.push(choices);
    }
    all
}

fn parse_one(manifest: &Manifest, found: &Found<'_>, node: &Node) -> Result<ErasedParams, Vec<Diagnostic>> {
    let id = &found.entry.id.text;
    let mut mistakes = params::unknown_keys(id, node, &found.description.params);
    let mut node = node.clone();
    for span in mistakes.iter().filter_map(|mistake| mistake.span.as_ref()) {
        node.remove_key(span);
    }
    let json = node.to_json().map_err(|error| vec![error])?;
    match found.stage.parse(json, manifest.folder()) {
        Ok(parsed) => {
            let sources = parsed.sources.iter().filter(|source| !source.path.exists());
            mistakes.extend(sources.map(|source| missing_source(id, &source.written, &source.path, &node)));
            let fault =
                parsed.fault.iter().map(|fault| Diagnostic::new(format!("stage `{id}`: {fault}")).at(&node.span));
            mistakes.extend(fault);
            if mistakes.is_empty() { Ok(parsed) } else { Err(mistakes) }
        }
        Err(error) => {
            mistakes.push(params::diagnose(id, &node, &error));
            Err(mistakes)
        }
    }
}

fn missing_source(stage: &str, written: &str, path: &Path, params: &Node) -> Diagnostic {
    let message = format!("stage `{stage}` wants source `{written}`, which is not there");
    let span = place_of(params, written).unwrap_or(&params.span);
    let looked = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Diagnostic::new(message)
        .at(span)
        .help(format!("source paths are relative to the manifest; looked at {}", looked.display()))
}

/// Finds the text in the params; a path that is a default stands nowhere.
fn place_of<'a>(node: &'a Node, text: &str) -> Option<&'a Span> {
    match &node.value {
        NodeValue::Text(found) => (found == text).then_some(&node.span),
        NodeValue::List(items) => items.iter().find_map(|item| place_of(item, text)),
        NodeValue::Table(entries) => entries.iter().find_map(|entry| place_of(&entry.value, text)),
        NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests;
