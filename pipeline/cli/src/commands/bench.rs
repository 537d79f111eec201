use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use stages::bench::{Bench, BenchRow, Benchmark, Memory, Python, costs, operators, text, translate};
use stages::{CorpusKind, CorpusOptions, LanguagePair};

use crate::columns::columns;
use crate::console::{Ink, Output};
use crate::error::CommandError;
use crate::exit::Exit;

/// Time our arithmetic beside references, in one run
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to time.
    #[command(subcommand)]
    subject: Subject,
}

/// What to time.
#[derive(Debug, Subcommand)]
enum Subject {
    /// Add, shift and convolution layers against matrix products, burn's own operators and PyTorch
    Operators(OperatorsArgs),
    /// The cost model: layers, networks and whole spaces, against the time that each may take
    Costs(RowsArgs),
    /// Raw text to token ids, against sacremoses, subword-nmt and the look-up of fairseq
    Text(TextArgs),
    /// Translation in tract, against ONNX Runtime with the same files and the same search
    Translate(TranslateArgs),
}

/// How to time operators.
#[derive(Debug, Args)]
struct OperatorsArgs {
    /// A Python with PyTorch 2.9; without one its rows are missing
    #[arg(long, env = "PYTHON", hide_env_values = true, default_value = "python3")]
    python: String,
    #[command(flatten)]
    rows: RowsArgs,
}

/// Which text.
#[derive(Debug, Args)]
struct TextArgs {
    /// Which corpus, as `source` of the stage prepare-corpus
    #[arg(long, default_value = "embedded", value_parser = |text: &str| text.parse::<CorpusKind>())]
    corpus: CorpusKind,
    /// Where it is; embedded has no path
    #[arg(long, value_name = "PATH")]
    path: Option<PathBuf>,
    /// Language of the sources
    #[arg(long, default_value = "en")]
    source: String,
    /// Language of the targets
    #[arg(long, default_value = "de")]
    target: String,
    /// A Python with sacremoses and subword-nmt
    #[arg(long, env = "PYTHON", hide_env_values = true, default_value = "python3")]
    python: String,
    #[command(flatten)]
    rows: RowsArgs,
}

/// Which model and which lines.
#[derive(Debug, Args)]
struct TranslateArgs {
    /// The folder of a model, as `translate` takes it
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// A file with a sentence on each line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Sentences that are translated, from the first
    #[arg(long, default_value_t = 200)]
    sentences: usize,
    /// A Python with onnxruntime and numpy
    #[arg(long, env = "PYTHON", hide_env_values = true, default_value = "python3")]
    python: String,
    #[command(flatten)]
    rows: RowsArgs,
}

/// How to time, and where the rows go.
#[derive(Debug, Args)]
struct RowsArgs {
    /// Times each side of a comparison runs; medians are told
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    repetitions: u16,
    /// Write the rows as a table into this new folder too
    #[arg(long, value_name = "DIR")]
    parquet: Option<PathBuf>,
    /// Print JSON: one row a line
    #[arg(long)]
    json: bool,
}

pub(super) fn execute(
    args: &BenchArgs,
    memory: &(dyn Memory + Sync),
    output: &mut Output,
) -> Result<Exit, CommandError> {
    let (name, rows) = match &args.subject {
        Subject::Operators(args) => ("operators", &args.rows),
        Subject::Costs(rows) => ("costs", rows),
        Subject::Text(args) => ("text", &args.rows),
        Subject::Translate(args) => ("translate", &args.rows),
    };
    if let Some(folder) = &rows.parquet {
        super::must_be_new(folder)?;
    }
    let mut progress = |row: &BenchRow| crate::console::log(&format!("{}: {:.2}", row.case, row.ratio));
    let mut bench = Bench::new(name, usize::from(rows.repetitions), memory, &mut progress);
    match &args.subject {
        Subject::Operators(args) => time_operators(args, &mut bench)?,
        Subject::Costs(_) => costs::run(&mut bench).map_err(CommandError::Cost)?,
        Subject::Text(args) => time_text(args, &mut bench)?,
        Subject::Translate(args) => time_translation(args, &mut bench)?,
    }
    write_rows(bench.finish(), rows, output)
}

fn time_operators(args: &OperatorsArgs, bench: &mut Bench<'_>) -> Result<(), CommandError> {
    let missing = operators::run(bench, &Python { program: args.python.clone() })
        .map_err(|source| CommandError::Environment { action: "start threads", source: source.into() })?;
    if let Some(reason) = missing {
        crate::console::log(&format!("missing rows of PyTorch: {reason}"));
    }
    Ok(())
}

fn time_text(args: &TextArgs, bench: &mut Bench<'_>) -> Result<(), CommandError> {
    let languages = LanguagePair { source: args.source.clone(), target: args.target.clone() };
    let options = CorpusOptions { languages, ..CorpusOptions::default() };
    let python = Python { program: args.python.clone() };
    text::run(bench, (args.corpus, args.path.as_deref()), &options, &python)
        .map_err(|source| CommandError::Benchmark(source.into()))
}

fn time_translation(args: &TranslateArgs, bench: &mut Bench<'_>) -> Result<(), CommandError> {
    let unreadable = |error| CommandError::usage(format!("cannot read {}: {error}", args.file.display()));
    let lines = BufReader::new(File::open(&args.file).map_err(unreadable)?).lines();
    let lines: Vec<String> = lines.take(args.sentences).collect::<Result<_, _>>().map_err(unreadable)?;
    let python = Python { program: args.python.clone() };
    translate::run(bench, &args.model, &lines, &python).map_err(|source| CommandError::Benchmark(source.into()))
}

fn write_rows(rows: Vec<BenchRow>, args: &RowsArgs, output: &mut Output) -> Result<Exit, CommandError> {
    match args.json {
        true => rows.iter().try_for_each(|row| writeln!(output, "{}", serde_json::json!(row)))?,
        false => write!(output, "{}", table(&rows, output))?,
    }
    if let Some(folder) = &args.parquet {
        engine::publish_at(folder, Benchmark { rows })?;
    }
    Ok(Exit::DONE)
}

fn table(rows: &[BenchRow], output: &Output) -> String {
    let heading = ["case", "threads", "ours", "reference", "", "ratio", "goal", "", "Gop/s", "peak MiB"];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        let met = match row.met {
            Some(true) => output.paint("met", Ink::Good),
            Some(false) => output.paint("not met", Ink::Bad),
            None => String::new(),
        };
        vec![
            row.case.clone(),
            row.threads.to_string(),
            format!("{:.3} ms", row.ours_ms),
            format!("{:.3} ms", row.reference_ms),
            row.reference.clone(),
            format!("{:.2}", row.ratio),
            row.goal.map(|goal| format!("{goal:.2}")).unwrap_or_default(),
            met,
            if row.giga_ops > 0.0 { format!("{:.1}", row.giga_ops) } else { String::new() },
            format!("{:.1}", row.peak_mib),
        ]
    }));
    columns(&cells)
}
