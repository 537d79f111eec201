//! What is laid over a manifest: a profile, then the overrides of the command line.

use super::spans::{Entry, Node, NodeValue, Span};
use crate::diagnostic::Diagnostic;

/// Lays `over` over `base`: tables are merged key by key, anything else is replaced.
pub(super) fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (NodeValue::Table(entries), NodeValue::Table(others)) => {
            for other in others {
                match entries.iter_mut().find(|entry| entry.key == other.key) {
                    Some(entry) => merge(&mut entry.value, other.value),
                    None => entries.push(other),
                }
            }
        }
        (value, over_value) => {
            *value = over_value;
            base.span = over.span;
        }
    }
}

/// Lays one `PATH=VALUE` of the command line over `base`.
pub(super) fn set(base: &mut Node, text: &str, source: usize) -> Result<(), Diagnostic> {
    let span = |range| Span { source, range };
    let Some((path, value)) = text.split_once('=') else {
        return Err(Diagnostic::new("wanted PATH=VALUE, found no `=`")
            .at(&span(0..text.len()))
            .help("write `stage.ID.params.KEY=VALUE`"));
    };
    let mut segments = Vec::new();
    let mut start = 0;
    for segment in path.split('.') {
        let range = start..start + segment.len();
        start = range.end + 1;
        let key = segment.trim();
        if key.is_empty() {
            return Err(Diagnostic::new("wanted a key between the dots, found none").at(&span(range)));
        }
        segments.push((key.to_owned(), span(range)));
    }
    check_path(base, &segments)?;
    let value = value_of(value, source, path.len() + 1)?;
    merge(base, nested(segments, value));
    Ok(())
}

/// An override may add a param, but no stage and nothing outside of stages.
fn check_path(base: &Node, segments: &[(String, Span)]) -> Result<(), Diagnostic> {
    let names: Vec<&str> = segments.iter().map(|(key, _)| key.as_str()).collect();
    match names.as_slice() {
        ["seed" | "name" | "description"] => Ok(()),
        ["stage", id, "params" | "inputs" | "matrix", _, ..] => {
            let stages = base.get("stage").map(|entry| &entry.value);
            if stages.is_some_and(|stages| stages.get(id).is_some()) {
                return Ok(());
            }
            let known: Vec<&str> = stages.map(keys).unwrap_or_default();
            Err(Diagnostic::new(format!("there is no stage `{id}` to set")).at(&segments[1].1).did_you_mean(id, known))
        }
        [..] => {
            let last = segments.last().map_or(0, |(_, span)| span.range.end);
            let range = 0..last;
            let source = segments.first().map_or(0, |(_, span)| span.source);
            Err(Diagnostic::new(format!("`{}` cannot be set", names.join(".")))
                .at(&Span { source, range })
                .help("write `stage.ID.params.KEY=VALUE` or `seed=NUMBER`"))
        }
    }
}

pub(super) fn keys(node: &Node) -> Vec<&str> {
    match &node.value {
        NodeValue::Table(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        NodeValue::Text(_) | NodeValue::Integer(_) | NodeValue::Float(_) | NodeValue::Bool(_) | NodeValue::List(_) => {
            Vec::new()
        }
    }
}

/// A TOML value, or else a bare word taken as a string.
fn value_of(text: &str, source: usize, offset: usize) -> Result<Node, Diagnostic> {
    let trimmed = text.trim();
    let looks_like_toml = trimmed.is_empty() || trimmed.starts_with(['[', '{', '"', '\'']);
    let start = offset + text.len() - text.trim_start().len();
    match Node::parse_value(trimmed, source, start) {
        Err(error) if looks_like_toml => Err(error),
        Ok(node) => Ok(node),
        Err(_) => Ok(Node {
            span: Span { source, range: start..start + trimmed.len() },
            value: NodeValue::Text(trimmed.to_owned()),
        }),
    }
}

fn nested(segments: Vec<(String, Span)>, value: Node) -> Node {
    segments.into_iter().rev().fold(value, |value, (key, key_span)| Node {
        span: key_span.clone(),
        value: NodeValue::Table(vec![Entry { key, key_span, value }]),
    })
}
