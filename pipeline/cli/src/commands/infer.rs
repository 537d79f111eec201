use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use exports::Runner;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::artifact_name;
use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// The largest value of a pixel; models are fed with pixels of 0..1.
const WHITE: f32 = 255.0;

/// Classify pictures with an exported model
#[derive(Debug, Args)]
pub(crate) struct InferArgs {
    /// The model: a file, or the name of an artifact that holds one, such as onnx.model
    #[arg(value_name = "MODEL.onnx")]
    model: String,

    /// The pictures; cut and resized to the model's input
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// How many classes are told of each picture, most probable first
    #[arg(long, value_name = "N", default_value_t = 3)]
    top: usize,

    /// Write one object of JSON
    #[arg(long)]
    json: bool,
}

/// A class with its probability.
struct Answer {
    class: usize,
    name: String,
    probability: f32,
}

pub(super) fn execute(args: &InferArgs, cli: &Cli, output: &mut Output) -> Result<Exit, CommandError> {
    let model = model_file(&args.model, cli)?;
    args.images.iter().try_for_each(|image| must_exist(image))?;
    let mut runner = Runner::load(&model).map_err(failed)?;
    let mut pictures = Vec::new();
    for image in &args.images {
        let answers = classify(&mut runner, image, args.top)?;
        if args.json {
            pictures.push(object(image, &answers));
        } else {
            write_answers(image, &answers, output)?;
        }
    }
    if args.json {
        let report = json!({ "model": model.display().to_string(), "pictures": pictures });
        writeln!(output, "{report}")?;
    }
    Ok(Exit::DONE)
}

/// Returns the file itself, or the only `.onnx` file of the artifact of that name.
fn model_file(name: &str, cli: &Cli) -> Result<PathBuf, CommandError> {
    let path = Path::new(name);
    if path.is_file() || has_model_extension(path) {
        must_exist(path)?;
        return Ok(path.to_owned());
    }
    let folder = artifact_name::open(&cli.store()?, name)?;
    let files = folder.listing().files.iter().map(|file| folder.path().join(&file.name));
    match files.filter(|file| has_model_extension(file)).collect::<Vec<_>>().as_slice() {
        [model] => Ok(model.clone()),
        models => Err(CommandError::usage(format!("wanted one ONNX model in `{name}`, found {}", models.len()))),
    }
}

fn has_model_extension(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "onnx")
}

fn must_exist(path: &Path) -> Result<(), CommandError> {
    if path.exists() {
        return Ok(());
    }
    Err(CommandError::usage(format!("there is no file {}", path.display())))
}

fn failed(error: impl Error + 'static) -> CommandError {
    CommandError::Inference(error.into())
}

/// Returns the most probable classes of a picture, best first.
fn classify(runner: &mut Runner, image: &Path, top: usize) -> Result<Vec<Answer>, CommandError> {
    let input = runner.summary().input;
    let bytes = stages::read_picture(image, input.channels, input.height, input.width).map_err(failed)?;
    let pixels: Vec<f32> = bytes.into_iter().map(|byte| f32::from(byte) / WHITE).collect();
    let pixels = match &runner.metadata().normalization {
        Some(normalization) => normalization.apply(&pixels, input),
        None => pixels,
    };
    let logits = runner.run(&pixels, 1).map_err(failed)?;
    let names = &runner.metadata().class_names;
    let answers = softmax(&logits).into_iter().enumerate().map(|(class, probability)| Answer {
        class,
        name: names.get(class).cloned().unwrap_or_else(|| class.to_string()),
        probability,
    });
    let mut answers: Vec<Answer> = answers.collect();
    answers.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    answers.truncate(top.max(1));
    Ok(answers)
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn write_answers(image: &Path, answers: &[Answer], output: &mut Output) -> Result<(), CommandError> {
    let heading = output.paint(&image.display().to_string(), Ink::Hint);
    let percent = |probability: f32| format!("{:>5.1} %", probability * 100.0);
    let rows = answers.iter().map(|answer| vec![String::new(), percent(answer.probability), answer.name.clone()]);
    write!(output, "{heading}\n{}", columns(&rows.collect::<Vec<_>>()))?;
    Ok(())
}

fn object(image: &Path, answers: &[Answer]) -> Value {
    let answers = answers
        .iter()
        .map(|answer| json!({ "class": answer.class, "name": answer.name, "probability": answer.probability }));
    json!({ "picture": image.display().to_string(), "classes": answers.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_sum_to_one_even_of_large_logits() {
        // e^0 : e^-1 = 1 : 0.3679, so 0.7311 and 0.2689.
        let found = softmax(&[1000.0, 999.0]);
        assert!((found[0] - 0.7311).abs() < 1e-4 && (found[1] - 0.2689).abs() < 1e-4, "{found:?}");
    }
}
