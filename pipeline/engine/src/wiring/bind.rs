//! Which output feeds which input.

use super::Found;
use crate::diagnostic::Diagnostic;
use crate::manifest::spans::Text;
use crate::manifest::{Form, InputEntry, Manifest};
use crate::ports::{Arity, InputPort, OutputPort};

/// An input port and the stages' outputs bound to it, by the stage's position.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) port: InputPort,
    pub(crate) sources: Vec<(usize, String)>,
}

/// Binds the ports of every stage; stages of unknown kind have none.
pub(super) fn bind(manifest: &Manifest, found: &[Option<Found<'_>>], errors: &mut Vec<Diagnostic>) -> Vec<Vec<Bound>> {
    let binder = Binder { manifest, found };
    let one = |found: &Option<Found<'_>>| found.as_ref().map(|found| binder.stage(found, errors)).unwrap_or_default();
    found.iter().map(one).collect()
}

struct Binder<'a, 'm> {
    manifest: &'m Manifest,
    found: &'a [Option<Found<'m>>],
}

impl Binder<'_, '_> {
    fn stage(&self, found: &Found<'_>, errors: &mut Vec<Diagnostic>) -> Vec<Bound> {
        let id = &found.entry.id;
        let ports = &found.description.inputs;
        for input in &found.entry.inputs {
            if !ports.iter().any(|port| port.name == input.port.text) {
                let names = ports.iter().map(|port| port.name.as_str());
                let message = format!("stage `{}` has no input `{}`", id.text, input.port.text);
                let error = Diagnostic::new(message).at(&input.port.span);
                errors.push(match ports.as_slice() {
                    [] => error.help("it has no inputs"),
                    _ => error.did_you_mean(&input.port.text, names),
                });
            }
        }
        let bind = |port: &InputPort| {
            let input = found.entry.inputs.iter().find(|input| input.port.text == port.name);
            Bound { port: port.clone(), sources: self.port(id, port, input, errors) }
        };
        ports.iter().map(bind).collect()
    }

    fn port(
        &self,
        id: &Text,
        port: &InputPort,
        input: Option<&InputEntry>,
        errors: &mut Vec<Diagnostic>,
    ) -> Vec<(usize, String)> {
        let name = format!("{}.{}", id.text, port.name);
        let Some(input) = input else {
            if port.arity == Arity::One {
                let wanted = port.format.as_ref().map_or("anything", |format| &format.name);
                let message = format!("input `{name}` is not bound; it wants `{wanted}`");
                let help = format!("add `inputs = {{ {} = \"STAGE.PORT\" }}`", port.name);
                errors.push(Diagnostic::new(message).at(&id.span).help(help));
            }
            return Vec::new();
        };
        if input.form == Form::List && port.arity != Arity::Many {
            let message = format!("input `{name}` takes one artifact, found a list");
            errors.push(Diagnostic::new(message).at(&input.port.span));
            return Vec::new();
        }
        let references = input.references.iter();
        references
            .filter_map(|reference| {
                let source = self.reference(&name, port, reference);
                source.map_err(|error| errors.extend(error)).ok()
            })
            .collect()
    }

    /// Finds the output a reference means; `None` as error when it is told elsewhere.
    fn reference(&self, name: &str, port: &InputPort, reference: &Text) -> Result<(usize, String), Option<Diagnostic>> {
        let (stage, output) = match reference.text.split_once('.') {
            Some((stage, output)) => (stage, Some(output)),
            None => (reference.text.as_str(), None),
        };
        let stages = &self.manifest.stages;
        let Some(index) = stages.iter().position(|entry| entry.id.text == stage) else {
            let known = stages.iter().map(|entry| entry.id.text.as_str());
            let message = format!("input `{name}` wants stage `{stage}`, which is not there");
            let error = Diagnostic::new(message).at(&reference.span);
            return Err(Some(error.did_you_mean(stage, known)));
        };
        let Some(found) = &self.found[index] else {
            return Err(None);
        };
        let outputs = &found.description.outputs;
        let result = match output {
            Some(output) => named(name, port, stage, output, outputs),
            None => only(name, port, stage, outputs),
        };
        let output = result.map_err(|error| Some(error.at(&reference.span)))?;
        Ok((index, output.name.clone()))
    }
}

fn named<'a>(
    name: &str,
    port: &InputPort,
    stage: &str,
    output: &str,
    outputs: &'a [OutputPort],
) -> Result<&'a OutputPort, Diagnostic> {
    let Some(found) = outputs.iter().find(|known| known.name == output) else {
        let message = format!("input `{name}` wants `{stage}.{output}`, which is not there");
        let known = outputs.iter().map(|known| known.name.as_str());
        let error = Diagnostic::new(message);
        return Err(match outputs {
            [] => error.help(format!("`{stage}` has no outputs")),
            _ => error.did_you_mean(output, known),
        });
    };
    if fits(port, found) {
        return Ok(found);
    }
    let wanted = port.format.as_ref().expect("a port of any format fits everything");
    let (wanted, format) = if wanted.name == found.format.name {
        (wanted.to_string(), found.format.to_string())
    } else {
        (wanted.name.clone(), found.format.name.clone())
    };
    let message = format!("input `{name}` wants `{wanted}` but `{stage}.{output}` is `{format}`");
    let error = Diagnostic::new(message);
    let fitting: Vec<&OutputPort> = outputs.iter().filter(|output| fits(port, output)).collect();
    Err(match fitting.as_slice() {
        [one] => error.help(format!("did you mean `{stage}.{}`?", one.name)),
        [..] => error,
    })
}

/// Finds the one output of a stage that fits.
fn only<'a>(
    name: &str,
    port: &InputPort,
    stage: &str,
    outputs: &'a [OutputPort],
) -> Result<&'a OutputPort, Diagnostic> {
    let fitting: Vec<&OutputPort> = outputs.iter().filter(|output| fits(port, output)).collect();
    let wanted = port.format.as_ref().map_or("anything", |format| &format.name);
    match fitting.as_slice() {
        [one] => Ok(one),
        [] => Err(Diagnostic::new(format!("input `{name}` wants `{wanted}`, no output of `{stage}` is that"))),
        several => {
            let names: Vec<_> = several.iter().map(|output| format!("`{stage}.{}`", output.name)).collect();
            let message = format!("input `{name}` wants one output of `{stage}`, several fit");
            Err(Diagnostic::new(message).help(format!("choose of {}", names.join(", "))))
        }
    }
}

fn fits(port: &InputPort, output: &OutputPort) -> bool {
    port.format.as_ref().is_none_or(|wanted| *wanted == output.format)
}
