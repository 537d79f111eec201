//! The grammar of a manifest: which keys stand where, and what they hold.

use super::overlay::keys;
use super::spans::{Entry, Node, NodeValue, Text};
use crate::diagnostic::Diagnostic;

const TOP_KEYS: [&str; 7] = ["version", "name", "seed", "description", "stage", "profile", "summary"];
const STAGE_KEYS: [&str; 5] = ["kind", "inputs", "outputs", "params", "matrix"];
const PROFILE_KEYS: [&str; 3] = ["seed", "description", "stage"];
const OVERLAY_KEYS: [&str; 3] = ["inputs", "params", "matrix"];

/// A `[stage.ID]` table.
#[derive(Debug, Clone)]
pub(crate) struct StageEntry {
    pub(crate) id: Text,
    pub(crate) kind: Text,
    pub(crate) inputs: Vec<InputEntry>,
    pub(crate) outputs: Vec<OutputEntry>,
    pub(crate) params: Node,
    pub(crate) matrix: Vec<AxisEntry>,
}

/// A port with what is bound to it.
#[derive(Debug, Clone)]
pub(crate) struct InputEntry {
    pub(crate) port: Text,
    pub(crate) form: Form,
    pub(crate) references: Vec<Text>,
}

/// How an input is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Single,
    List,
}

/// A declared output of an external program: name and format.
#[derive(Debug, Clone)]
pub(crate) struct OutputEntry {
    pub(crate) port: Text,
    pub(crate) format: Text,
}

/// A param that takes several values.
#[derive(Debug, Clone)]
pub(crate) struct AxisEntry {
    pub(crate) key: Text,
    pub(crate) values: Vec<Node>,
}

pub(super) struct Head {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) seed: u64,
}

type Errors = Vec<Diagnostic>;

/// Reads the keys before the stages.
pub(super) fn head(root: &Node, errors: &mut Errors) -> Head {
    check_keys(root, &TOP_KEYS, "the manifest", errors);
    version(root, errors);
    let name = required(root, "name", errors).and_then(|entry| text(&entry.value, errors));
    if let Some(name) = &name {
        check_id(name, "name", errors);
    }
    let seed = required(root, "seed", errors).and_then(|entry| seed(&entry.value, errors));
    let description = root.get("description").and_then(|entry| text(&entry.value, errors));
    Head {
        name: name.map(|name| name.text).unwrap_or_default(),
        description: description.map(|text| text.text).unwrap_or_default(),
        seed: seed.unwrap_or_default(),
    }
}

fn version(root: &Node, errors: &mut Errors) {
    let Some(entry) = required(root, "version", errors) else {
        return;
    };
    let known = super::VERSION;
    match entry.value.value {
        NodeValue::Integer(version) if version == known => {}
        NodeValue::Integer(version) => errors.push(
            Diagnostic::new(format!("manifest version {version} is not known, wanted {known}")).at(&entry.value.span),
        ),
        _ => errors.push(wrong_type(&entry.value, "an integer")),
    }
}

fn seed(node: &Node, errors: &mut Errors) -> Option<u64> {
    let NodeValue::Integer(seed) = node.value else {
        errors.push(wrong_type(node, "an integer"));
        return None;
    };
    let seed = u64::try_from(seed).ok();
    if seed.is_none() {
        errors.push(Diagnostic::new("wanted a seed of 0 or more").at(&node.span));
    }
    seed
}

/// Checks every profile and returns their names.
pub(super) fn profiles(root: &Node, errors: &mut Errors) -> Vec<String> {
    let Some(all) = root.get("profile") else {
        return Vec::new();
    };
    let known: Vec<&str> = root.get("stage").map(|all| keys(&all.value)).unwrap_or_default();
    for profile in entries(&all.value, errors) {
        let place = format!("profile `{}`", profile.key);
        check_keys(&profile.value, &PROFILE_KEYS, &place, errors);
        let Some(stages) = profile.value.get("stage") else {
            continue;
        };
        for stage in entries(&stages.value, errors) {
            if !known.contains(&stage.key.as_str()) {
                let message = format!("{place} lays over stage `{}`, which is not there", stage.key);
                let error = Diagnostic::new(message).at(&stage.key_span);
                errors.push(error.did_you_mean(&stage.key, known.iter().copied()));
            }
            check_keys(&stage.value, &OVERLAY_KEYS, &place, errors);
        }
    }
    keys(&all.value).into_iter().map(str::to_owned).collect()
}

/// Reads all stages.
pub(super) fn stages(root: &Node, errors: &mut Errors) -> Vec<StageEntry> {
    let Some(all) = required(root, "stage", errors) else {
        return Vec::new();
    };
    let stages = entries(&all.value, errors);
    stages.iter().filter_map(|entry| stage(entry, errors)).collect()
}

fn stage(entry: &Entry, errors: &mut Errors) -> Option<StageEntry> {
    let id = Text { text: entry.key.clone(), span: entry.key_span.clone() };
    check_id(&id, "stage id", errors);
    let node = &entry.value;
    check_keys(node, &STAGE_KEYS, &format!("stage `{}`", id.text), errors);
    let kind = match node.get("kind") {
        Some(kind) => text(&kind.value, errors),
        None => {
            let error = Diagnostic::new(format!("stage `{}` has no `kind`", id.text));
            errors.push(error.at(&entry.key_span));
            None
        }
    };
    let table = |key| node.get(key).map(|entry| &entry.value);
    let inputs = table("inputs").map(|node| inputs(node, errors));
    let outputs = table("outputs").map(|node| outputs(node, errors));
    let matrix = table("matrix").map(|node| matrix(node, errors));
    let params =
        table("params").cloned().unwrap_or(Node { span: entry.key_span.clone(), value: NodeValue::Table(Vec::new()) });
    entries(&params, errors);
    Some(StageEntry {
        id,
        kind: kind?,
        inputs: inputs.unwrap_or_default(),
        outputs: outputs.unwrap_or_default(),
        params,
        matrix: matrix.unwrap_or_default(),
    })
}

fn inputs(node: &Node, errors: &mut Errors) -> Vec<InputEntry> {
    let mut inputs = Vec::new();
    for entry in entries(node, errors) {
        let (form, references) = match &entry.value.value {
            NodeValue::List(items) => {
                let items = items.iter().filter_map(|item| text(item, errors));
                (Form::List, items.collect())
            }
            _ => (Form::Single, text(&entry.value, errors).into_iter().collect()),
        };
        inputs.push(InputEntry { port: key(entry), form, references });
    }
    inputs
}

fn outputs(node: &Node, errors: &mut Errors) -> Vec<OutputEntry> {
    let mut outputs = Vec::new();
    for entry in entries(node, errors) {
        if let Some(format) = text(&entry.value, errors) {
            check_id(&format, "format", errors);
            outputs.push(OutputEntry { port: key(entry), format });
        }
    }
    outputs
}

fn matrix(node: &Node, errors: &mut Errors) -> Vec<AxisEntry> {
    let mut axes = Vec::new();
    for entry in entries(node, errors) {
        match &entry.value.value {
            NodeValue::List(values) if !values.is_empty() => {
                axes.push(AxisEntry { key: key(entry), values: values.clone() })
            }
            _ => errors.push(wrong_type(&entry.value, "a list of one or more values")),
        }
    }
    axes
}

fn key(entry: &Entry) -> Text {
    Text { text: entry.key.clone(), span: entry.key_span.clone() }
}

fn required<'a>(root: &'a Node, key: &str, errors: &mut Errors) -> Option<&'a Entry> {
    let entry = root.get(key);
    if entry.is_none() {
        let span = super::spans::Span { source: 0, range: 0..0 };
        errors.push(Diagnostic::new(format!("the manifest has no `{key}`")).at(&span));
    }
    entry
}

pub(super) fn entries<'a>(node: &'a Node, errors: &mut Errors) -> &'a [Entry] {
    match &node.value {
        NodeValue::Table(entries) => entries,
        _ => {
            errors.push(wrong_type(node, "a table"));
            &[]
        }
    }
}

pub(super) fn text(node: &Node, errors: &mut Errors) -> Option<Text> {
    let NodeValue::Text(text) = &node.value else {
        errors.push(wrong_type(node, "a string"));
        return None;
    };
    Some(Text { text: text.clone(), span: node.span.clone() })
}

pub(super) fn wrong_type(node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::new(format!("wanted {wanted}, found {}", node.kind())).at(&node.span)
}

fn check_id(id: &Text, what: &str, errors: &mut Errors) {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.text.is_empty() || !id.text.chars().all(allowed) {
        let message = format!("{what} `{}` may have only a-z, 0-9 and `-`", id.text);
        errors.push(Diagnostic::new(message).at(&id.span));
    }
}

fn check_keys(node: &Node, known: &[&'static str], place: &str, errors: &mut Errors) {
    for entry in entries(node, errors) {
        if !known.contains(&entry.key.as_str()) {
            errors.push(
                Diagnostic::new(format!("{place} has no key `{}`", entry.key))
                    .at(&entry.key_span)
                    .did_you_mean(&entry.key, known.iter().copied()),
            );
        }
    }
}
