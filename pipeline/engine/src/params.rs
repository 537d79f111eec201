//! From a manifest's params to a stage's, and back from a mistake to its place.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::diagnostic::Diagnostic;
use crate::manifest::spans::{Node, NodeValue};
use crate::registry::Source;
use crate::schema::resolve;
use crate::source::{PLACEHOLDER, SourcePath};

/// Why params are not what a stage wants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ParamsError {
    /// Keys and positions down to the mistake.
    pub(crate) path: Vec<Step>,
    pub(crate) message: String,
}

/// One step of a path into params.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// Reads params and returns them also re-serialized, with defaults filled in.
pub(crate) fn parse<P: Serialize + DeserializeOwned>(params: Value) -> Result<(P, Value), ParamsError> {
    let value: P = serde_path_to_error::deserialize(params).map_err(|error| ParamsError {
        path: error.path().iter().filter_map(step).collect(),
        message: error.inner().to_string(),
    })?;
    let json = serde_json::to_value(&value).map_err(|error| ParamsError {
        path: Vec::new(),
        message: format!("bug in the stage: its params cannot be written as JSON: {error}"),
    })?;
    Ok((value, json))
}

fn step(segment: &Segment) -> Option<Step> {
    match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { variant } => Some(Step::Key(variant.clone())),
        Segment::Unknown => None,
    }
}

/// Resolves a stage's source paths and checks that it listed all of them.
pub(crate) fn resolve_sources(
    kind: &str,
    json: &Value,
    listed: &[&SourcePath],
    base: &Path,
) -> Result<Vec<Source>, ParamsError> {
    let held = placeholders(json);
    if held != listed.len() {
        return Err(ParamsError {
            path: Vec::new(),
            message: format!(
                "bug in stage `{kind}`: its params hold {held} source paths, `sources` lists {}",
                listed.len()
            ),
        });
    }
    let resolve = |source: &&SourcePath| {
        source.resolve(base);
        Source { written: source.written().display().to_string(), path: source.path().to_owned() }
    };
    Ok(listed.iter().map(resolve).collect())
}

fn placeholders(json: &Value) -> usize {
    match json {
        Value::String(text) => usize::from(text == PLACEHOLDER),
        Value::Array(items) => items.iter().map(placeholders).sum(),
        Value::Object(pairs) => pairs.values().map(placeholders).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Turns a mistake into a message at its place in the manifest.
pub(crate) fn diagnose(stage: &str, params: &Node, error: &ParamsError) -> Diagnostic {
    let mut node = params;
    let mut path = "params".to_owned();
    for step in &error.path {
        let next = match (step, &node.value) {
            (Step::Key(key), _) => {
                path.push_str(&format!(".{key}"));
                node.get(key).map(|entry| &entry.value)
            }
            (Step::Index(index), NodeValue::List(items)) => {
                path.push_str(&format!("[{index}]"));
                items.get(*index)
            }
            (Step::Index(_), _) => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    let message = without_place(&error.message);
    Diagnostic::new(format!("stage `{stage}`, `{path}`: {message}")).at(&node.span)
}

/// The reader of JSON values appends a line and column of its own where it has one.
fn without_place(message: &str) -> &str {
    message.split(" at line ").next().unwrap_or(message)
}

/// Finds every key the schema does not know; more than one mistake can be told at once.
pub(crate) fn unknown_keys(stage: &str, params: &Node, schema: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    walk(stage, params, schema, schema, &mut found);
    found
}

fn walk(stage: &str, node: &Node, schema: &Value, root: &Value, found: &mut Vec<Diagnostic>) {
    let schema = resolve(schema, root);
    match &node.value {
        NodeValue::List(items) => {
            if let Some(schema) = schema.get("items") {
                items.iter().for_each(|item| walk(stage, item, schema, root, found));
            }
        }
        NodeValue::Table(entries) => {
            let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
            let empty = serde_json::Map::new();
            let known = schema.get("properties").and_then(Value::as_object);
            let known = match (known, closed) {
                (Some(known), _) => known,
                (None, true) => &empty,
                (None, false) => return,
            };
            for entry in entries {
                match known.get(&entry.key) {
                    Some(schema) => walk(stage, &entry.value, schema, root, found),
                    None if closed => {
                        let message = format!("stage `{stage}` has no param `{}`", entry.key);
                        let names = known.keys().map(String::as_str);
                        let error = Diagnostic::new(message).at(&entry.key_span);
                        found.push(error.did_you_mean(&entry.key, names));
                    }
                    None => {}
                }
            }
        }
        NodeValue::Text(_) | NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) => {}
    }
}
