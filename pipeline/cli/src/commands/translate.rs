use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use exports::{Batching, TranslationError, Translator};
use indicatif::{ProgressBar, ProgressStyle};
use translation::BeamSettings;

use crate::args::{Cli, Verbosity};
use crate::artifact_name;
use crate::console::{self, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Most bytes of a line; a longer one is no sentence.
const LONGEST_LINE: u64 = 1 << 20;
/// Lines that are read, sorted by length and translated before any of them is written.
const PORTION: usize = 1024;
/// How progress looks: how many lines there are is not known.
const SPINNER: &str = "{spinner} {pos} lines, {per_sec} ({elapsed})";

/// Translate lines with an exported model
#[derive(Debug, Args)]
pub(crate) struct TranslateArgs {
    /// The model: a folder, or the name of an artifact that is one, such as onnx.model
    #[arg(value_name = "MODEL")]
    model: String,

    /// The file to translate; standard input without one
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Hypotheses that are followed of each line; 1 takes the most probable token each time
    #[arg(long, value_name = "N", default_value_t = BeamSettings::default().beam)]
    beam: usize,

    /// Power of the length that log-probabilities are divided by
    #[arg(long, value_name = "POWER", default_value_t = BeamSettings::default().length_penalty)]
    length_penalty: f32,

    /// Fewest tokens of a translation
    #[arg(long, value_name = "TOKENS", default_value_t = BeamSettings::default().least_length)]
    least_length: usize,

    /// Most tokens of a translation, its end included
    #[arg(long, value_name = "TOKENS", default_value_t = BeamSettings::default().most_length)]
    most_length: usize,

    /// Translations that are written of each line, best first, behind the line's number and their score
    #[arg(long, value_name = "N", default_value_t = 1)]
    best: usize,

    /// Threads; by default as many as there are cores
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// Where lines come from.
struct Lines {
    reader: Box<dyn BufRead>,
    /// What messages call it.
    name: String,
    /// Lines read so far.
    count: usize,
}

/// What was done.
#[derive(Default)]
struct Done {
    lines: usize,
    tokens: usize,
}

pub(super) fn execute(args: &TranslateArgs, cli: &Cli, output: &mut Output) -> Result<Exit, CommandError> {
    let settings = BeamSettings {
        beam: args.beam,
        length_penalty: args.length_penalty,
        least_length: args.least_length,
        most_length: args.most_length,
        best: args.best,
    };
    settings.check().map_err(CommandError::usage)?;
    let translator = Translator::load(folder(&args.model, cli)?).map_err(failed)?;
    let mut lines = Lines::open(args.file.as_deref())?;
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let batching = Batching { threads, ..Batching::default() };
    let bar = bar(cli.verbosity());
    let (started, mut done) = (Instant::now(), Done::default());
    loop {
        let first = lines.count;
        let portion = lines.take(PORTION)?;
        if portion.is_empty() {
            break;
        }
        let progress = |lines| bar.inc(lines as u64);
        let sources: Vec<Vec<u32>> = portion.iter().map(|line| translator.source().encode(line)).collect();
        let found = translator.runner().translate(&sources, &settings, &batching, &progress);
        let found = found.map_err(|error| in_line(error, first, &lines.name))?;
        for (at, hypotheses) in found.iter().enumerate() {
            done.lines += 1;
            done.tokens += hypotheses.first().map_or(0, |best| best.tokens.len() + 1);
            for hypothesis in hypotheses {
                let text = translator.target().decode(&hypothesis.tokens);
                match args.best {
                    1 => writeln!(output, "{text}")?,
                    _ => writeln!(output, "{}\t{:.4}\t{text}", first + at + 1, hypothesis.score)?,
                }
            }
        }
        output.flush()?;
    }
    bar.finish_and_clear();
    if cli.verbosity() > Verbosity::Quiet {
        console::log(&done.told(started.elapsed().as_secs_f64()));
    }
    Ok(Exit::DONE)
}

/// Returns the folder itself, or that of the artifact of that name.
fn folder(name: &str, cli: &Cli) -> Result<PathBuf, CommandError> {
    let path = Path::new(name);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    Ok(artifact_name::open(&cli.store()?, name)?.path().to_owned())
}

fn bar(verbosity: Verbosity) -> ProgressBar {
    let shown = verbosity > Verbosity::Quiet && console::stderr_is_terminal();
    let style = ProgressStyle::with_template(SPINNER).expect("a template without mistakes");
    if shown { ProgressBar::no_length().with_style(style) } else { ProgressBar::hidden() }
}

fn failed(error: TranslationError) -> CommandError {
    CommandError::Translation(error.into())
}

/// Tells a sentence of a portion by its line.
fn in_line(error: TranslationError, first: usize, name: &str) -> CommandError {
    match error {
        TranslationError::TooLong { sentence, longest, found } => CommandError::usage(format!(
            "{name}:{}: the line has {found} tokens, the model translates at most {longest}; split the line",
            first + sentence
        )),
        other => failed(other),
    }
}

impl Done {
    fn told(&self, seconds: f64) -> String {
        let Self { lines, tokens } = self;
        let per_second = |count: usize| count as f64 / seconds.max(f64::MIN_POSITIVE);
        let (sentences, pieces) = (per_second(*lines), per_second(*tokens));
        format!("{lines} lines in {seconds:.2} s: {sentences:.1} sentences/s, {pieces:.0} tokens/s")
    }
}

impl Lines {
    fn open(file: Option<&Path>) -> Result<Self, CommandError> {
        let Some(path) = file else {
            return Ok(Self { reader: Box::new(io::stdin().lock()), name: "standard input".to_owned(), count: 0 });
        };
        let opened = File::open(path);
        let opened = opened.map_err(|error| CommandError::usage(format!("cannot read {}: {error}", path.display())))?;
        Ok(Self { reader: Box::new(BufReader::new(opened)), name: path.display().to_string(), count: 0 })
    }

    /// Returns up to `most` lines without their ends; none at the end.
    fn take(&mut self, most: usize) -> Result<Vec<String>, CommandError> {
        let mut lines = Vec::new();
        while lines.len() < most {
            let mut bytes = Vec::new();
            let read = self.reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
            let place = format!("{}:{}", self.name, self.count + 1);
            if read.map_err(|error| CommandError::usage(format!("{place}: {error}")))? == 0 {
                break;
            }
            if bytes.len() as u64 > LONGEST_LINE {
                let message = format!("{place}: the line has more than {LONGEST_LINE} bytes; split it into sentences");
                return Err(CommandError::usage(message));
            }
            self.count += 1;
            lines.push(text(bytes, &place)?);
        }
        Ok(lines)
    }
}

fn text(mut bytes: Vec<u8>, place: &str) -> Result<String, CommandError> {
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(CommandError::usage(format!("{place}: byte {} is NUL; give plain text", at + 1)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + 1;
        CommandError::usage(format!("{place}: byte {at} is not UTF-8; convert the text, for example with iconv"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &'static [u8]) -> Lines {
        Lines { reader: Box::new(bytes), name: "a.txt".to_owned(), count: 0 }
    }

    #[test]
    fn lines_come_in_portions_and_count_on() {
        let mut lines = lines(b"one\r\n\ntwo");
        assert_eq!(lines.take(2).unwrap(), ["one", ""]);
        assert_eq!((lines.take(2).unwrap(), lines.count), (vec!["two".to_owned()], 3));
        assert!(lines.take(2).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let told = |bytes| lines(bytes).take(9).unwrap_err().to_string();
        assert_eq!(told(b"a\nb\0c\n"), "a.txt:2: byte 2 is NUL; give plain text");
        let latin = "a.txt:1: byte 4 is not UTF-8; convert the text, for example with iconv";
        assert_eq!(told(b"Zur\xfcck\n"), latin);
    }

    #[test]
    fn an_endless_line_is_refused_before_it_is_held() {
        let endless = Lines { reader: Box::new(BufReader::new(io::repeat(b'x'))), name: "a.txt".to_owned(), count: 4 };
        let told = { endless }.take(1).unwrap_err().to_string();
        assert_eq!(told, "a.txt:5: the line has more than 1048576 bytes; split it into sentences");
    }
}
