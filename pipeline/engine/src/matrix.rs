//! Stages that run several times, once for each combination of a few params.

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::manifest::StageEntry;
use crate::manifest::spans::{Entry, Node, NodeValue};
use crate::ports::Arity;
use crate::registry::ErasedParams;
use crate::wiring::{Binding, Bound, Endpoint, Found, Wired};

/// The most steps a manifest may expand to.
const MAX_STEPS: usize = 10_000;

/// A param with one of its values; axes of different stages are different even if the params' names agree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    origin: String,
    key: String,
    value: String,
}

/// One combination of a stage's own axes, with the params it gives.
pub(crate) struct Choice {
    pub(crate) axes: Vec<Axis>,
    pub(crate) params: Arc<ErasedParams>,
}

/// Returns every combination of a stage's own axes with the params laid over; one empty combination without a matrix.
pub(crate) fn choices(entry: &StageEntry, errors: &mut Vec<Diagnostic>) -> Vec<(Vec<Axis>, Node)> {
    let mut all = vec![(Vec::new(), entry.params.clone())];
    for axis in &entry.matrix {
        let mut seen: Vec<String> = Vec::new();
        let mut next = Vec::new();
        for value in &axis.values {
            let text = shown(value);
            if seen.contains(&text) {
                let message = format!("matrix of `{}` has `{text}` twice", axis.key.text);
                errors.push(Diagnostic::new(message).at(&value.span));
                continue;
            }
            seen.push(text.clone());
            for (axes, params) in &all {
                let mut axes: Vec<Axis> = axes.clone();
                axes.push(Axis { origin: entry.id.text.clone(), key: axis.key.text.clone(), value: text.clone() });
                next.push((axes, with_value(params, axis.key.clone().into_entry(value))));
            }
        }
        if next.len() > MAX_STEPS {
            errors.push(too_many(entry));
            return Vec::new();
        }
        all = next;
    }
    all
}

fn too_many(entry: &StageEntry) -> Diagnostic {
    let message = format!("stage `{}` expands to more than {MAX_STEPS} steps", entry.id.text);
    Diagnostic::new(message).at(&entry.id.span)
}

fn with_value(params: &Node, entry: Entry) -> Node {
    let mut params = params.clone();
    if let NodeValue::Table(entries) = &mut params.value {
        entries.retain(|known| known.key != entry.key);
        entries.push(entry);
    }
    params
}

fn shown(node: &Node) -> String {
    match &node.value {
        NodeValue::Text(text) => text.clone(),
        NodeValue::Integer(number) => number.to_string(),
        NodeValue::Float(number) => number.to_string(),
        NodeValue::Bool(truth) => truth.to_string(),
        NodeValue::List(items) => {
            let items: Vec<String> = items.iter().map(shown).collect();
            format!("[{}]", items.join(","))
        }
        NodeValue::Table(entries) => {
            let pair = |entry: &Entry| format!("{}={}", entry.key, shown(&entry.value));
            let pairs: Vec<String> = entries.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(","))
        }
    }
}

/// A combination while it is joined: its axes, its position among the stage's own choices, its bindings.
#[derive(Clone)]
struct Draft {
    axes: Vec<Axis>,
    choice: usize,
    bindings: Vec<Binding>,
}

/// Expands stages to steps. A port that takes one artifact is expanded with what feeds it, equal axes meet; a port
/// that takes many collects all.
pub(crate) fn expand(
    found: Vec<Found<'_>>,
    bound: &[Vec<Bound>],
    order: &[usize],
    choices: Vec<Vec<Choice>>,
) -> Result<Vec<Wired>, Diagnostic> {
    let mut steps: Vec<Wired> = Vec::new();
    let mut instances: Vec<Vec<(usize, Vec<Axis>)>> = vec![Vec::new(); found.len()];
    for &stage in order {
        let mut drafts: Vec<Draft> = own(&choices[stage]);
        for bound in &bound[stage] {
            drafts = drafts.into_iter().flat_map(|draft| join(draft, bound, &instances)).collect();
            if drafts.len() + steps.len() > MAX_STEPS {
                return Err(too_many(found[stage].entry));
            }
        }
        for draft in drafts {
            instances[stage].push((steps.len(), draft.axes.clone()));
            steps.push(Wired {
                id: label(&found[stage].entry.id.text, &draft.axes),
                stage_id: found[stage].entry.id.text.clone(),
                stage: Arc::clone(&found[stage].stage),
                description: Arc::clone(&found[stage].description),
                params: Arc::clone(&choices[stage][draft.choice].params),
                bindings: draft.bindings,
            });
        }
    }
    Ok(steps)
}

fn own(choices: &[Choice]) -> Vec<Draft> {
    let draft = |(choice, own): (usize, &Choice)| Draft { axes: own.axes.clone(), choice, bindings: Vec::new() };
    choices.iter().enumerate().map(draft).collect()
}

fn join(draft: Draft, bound: &Bound, instances: &[Vec<(usize, Vec<Axis>)>]) -> Vec<Draft> {
    let binding = |sources| Binding { port: bound.port.name.clone(), arity: bound.port.arity, sources };
    let with = |mut draft: Draft, sources| {
        draft.bindings.push(binding(sources));
        draft
    };
    match (bound.port.arity, bound.sources.as_slice()) {
        (Arity::Many, sources) => {
            let all = sources
                .iter()
                .flat_map(|(stage, port)| instances[*stage].iter().map(|(step, _)| endpoint(*step, port)));
            vec![with(draft, all.collect())]
        }
        (Arity::One | Arity::Optional, [(stage, port)]) => instances[*stage]
            .iter()
            .filter_map(|(step, axes)| {
                let mut draft = draft.clone();
                draft.axes = meet(draft.axes, axes)?;
                Some(with(draft, vec![endpoint(*step, port)]))
            })
            .collect(),
        (Arity::One | Arity::Optional, _) => vec![with(draft, Vec::new())],
    }
}

fn endpoint(step: usize, port: &str) -> Endpoint {
    Endpoint { step, port: port.to_owned() }
}

/// Returns the axes of both, or nothing when they disagree on one.
fn meet(mut axes: Vec<Axis>, others: &[Axis]) -> Option<Vec<Axis>> {
    for other in others {
        let same = |axis: &&Axis| axis.origin == other.origin && axis.key == other.key;
        match axes.iter().find(same) {
            Some(axis) if axis.value != other.value => return None,
            Some(_) => {}
            None => axes.push(other.clone()),
        }
    }
    Some(axes)
}

fn label(id: &str, axes: &[Axis]) -> String {
    if axes.is_empty() {
        return id.to_owned();
    }
    let pair = |axis: &Axis| {
        let alike = axes.iter().filter(|other| other.key == axis.key).count();
        match alike {
            1 => format!("{}={}", axis.key, axis.value),
            _ => format!("{}.{}={}", axis.origin, axis.key, axis.value),
        }
    };
    let pairs: Vec<String> = axes.iter().map(pair).collect();
    format!("{id}[{}]", pairs.join(","))
}
