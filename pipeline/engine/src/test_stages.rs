//! Small real stages for the tests of the engine: texts are written, letters counted, counts merged.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Artifact, ArtifactError, Context, Event, Folder, FolderWriter, Interrupt, Manifest, Many, One, Open, Optional,
    Options, Plan, Publish, Registry, RunReport, SourcePath, Stage, StageError, Status, Store, Table, inputs, outputs,
    run,
};

pub(crate) struct Letters(pub(crate) String);

impl Artifact for Letters {
    const FORMAT: &'static str = "letters";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "A text";
}

impl Open for Letters {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let text = String::from_utf8(folder.bytes("letters.txt")?);
        text.map(Self).map_err(|e| ArtifactError::caused::<Self>("wanted UTF-8", e))
    }
}

impl Publish for Letters {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        if std::env::var_os(HANG).is_some() {
            hang(folder);
        }
        folder.write_bytes("letters.txt", self.0.as_bytes())
    }
}

/// The environment variable of a process that stops in the middle of writing and waits to be killed.
pub(crate) const HANG: &str = "ENGINE_TEST_HANG";

fn hang(folder: &mut FolderWriter) -> ! {
    let mut half = folder.file("half.txt").unwrap();
    half.write_all(b"half").unwrap();
    std::io::stdout().write_all(b"half written\n").unwrap();
    loop {
        std::thread::park();
    }
}

pub(crate) struct Counts(BTreeMap<String, u64>);

impl Artifact for Counts {
    const FORMAT: &'static str = "counts";
    const VERSION: u32 = 3;
    const SUMMARY: &'static str = "How often each letter occurs";
}

impl Open for Counts {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let table = folder.table("counts")?;
        let letters = table.get::<String>("letter")?.into_iter();
        Ok(Self(letters.zip(table.get::<u64>("count")?).collect()))
    }
}

impl Publish for Counts {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let table = Table::new()
            .with("letter", self.0.keys().cloned().collect())
            .with("count", self.0.values().copied().collect());
        folder.write_table("counts", &table)
    }
}

pub(crate) struct WriteLetters;

fn one() -> u32 {
    1
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteParams {
    /// The text.
    pub(crate) text: String,
    /// How often it is written.
    #[serde(default = "one")]
    pub(crate) repeat: u32,
    /// A file to write after it.
    #[serde(default)]
    raw: Option<SourcePath>,
}

outputs! {
    pub(crate) struct WriteOutputs {
        /// The text, repeated.
        letters: Letters,
    }
}

impl Stage for WriteLetters {
    const KIND: &'static str = "write-letters";
    const VERSION: u32 = 2;
    const SUMMARY: &'static str = "Writes a text";
    type Params = WriteParams;
    type Inputs = ();
    type Outputs = WriteOutputs;

    fn sources<'a>(&self, params: &'a WriteParams) -> Vec<&'a SourcePath> {
        params.raw.iter().collect()
    }

    fn run(&self, params: &WriteParams, (): (), _: &mut Context<'_>) -> Result<WriteOutputs, StageError> {
        let mut text = params.text.repeat(params.repeat as usize);
        if let Some(raw) = &params.raw {
            let more = std::fs::read_to_string(raw.path());
            text += &more.map_err(|e| StageError::source(raw.path(), e.to_string()))?;
        }
        let letters = Letters(text);
        Ok(WriteOutputs { letters })
    }
}

struct CountLetters;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CountParams {
    /// Whether `a` and `A` are one letter.
    #[serde(default)]
    ignore_case: bool,
    /// The gate: how many letters there must be.
    #[serde(default)]
    at_least: u64,
    /// Whether to list letters that occur once.
    #[serde(default)]
    list_rare: bool,
}

inputs! {
    struct CountInputs {
        /// The text to count in.
        letters: One<Letters>,
        /// Counts to begin with.
        earlier: Optional<Counts>,
    }
}

outputs! {
    struct CountOutputs {
        /// All letters.
        counts: Counts,
        /// Letters that occur once.
        rare: Option<Letters>,
    }
}

impl Stage for CountLetters {
    const KIND: &'static str = "count-letters";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Counts letters";
    type Params = CountParams;
    type Inputs = CountInputs;
    type Outputs = CountOutputs;

    fn run(
        &self,
        params: &CountParams,
        inputs: CountInputs,
        context: &mut Context<'_>,
    ) -> Result<CountOutputs, StageError> {
        let mut counts = inputs.earlier.get().map(|earlier| earlier.0.clone()).unwrap_or_default();
        for letter in inputs.letters.0.chars() {
            let letter = if params.ignore_case { letter.to_ascii_lowercase() } else { letter };
            *counts.entry(letter.to_string()).or_default() += 1;
        }
        let total: u64 = counts.values().sum();
        context.headline("total", total, "letters");
        let wanted = format!("at least {}", params.at_least);
        context.gate("enough-letters", total >= params.at_least, total, wanted);
        let rare = counts.iter().filter(|(_, count)| **count == 1);
        let rare = params.list_rare.then(|| Letters(rare.map(|(letter, _)| letter.clone()).collect()));
        let counts = Counts(counts);
        Ok(CountOutputs { counts, rare })
    }
}

struct MergeCounts;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoParams {}

inputs! {
    struct MergeInputs {
        /// The counts to add.
        counts: Many<Counts>,
    }
}

outputs! {
    struct MergeOutputs {
        /// Their sum.
        counts: Counts,
    }
}

impl Stage for MergeCounts {
    const KIND: &'static str = "merge-counts";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Adds counts";
    type Params = NoParams;
    type Inputs = MergeInputs;
    type Outputs = MergeOutputs;

    fn run(&self, _: &NoParams, inputs: MergeInputs, context: &mut Context<'_>) -> Result<MergeOutputs, StageError> {
        let mut sum = BTreeMap::new();
        for (source, counts) in inputs.counts.iter() {
            context.note(source);
            for (letter, count) in &counts.0 {
                *sum.entry(letter.clone()).or_default() += count;
            }
        }
        context.headline("merged", inputs.counts.len(), "");
        context.headline("total", sum.values().sum::<u64>(), "letters");
        let counts = Counts(sum);
        Ok(MergeOutputs { counts })
    }
}

/// Adds up in several steps, asks for an interrupt at the half the first time, and goes on from its checkpoint.
struct SlowSum;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SlowParams {
    /// How many steps.
    steps: u32,
}

impl Stage for SlowSum {
    const KIND: &'static str = "slow-sum";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Adds up slowly";
    type Params = SlowParams;
    type Inputs = ();
    type Outputs = WriteOutputs;

    fn run(&self, params: &SlowParams, (): (), context: &mut Context<'_>) -> Result<WriteOutputs, StageError> {
        let checkpoint = context.checkpoint();
        let saved = checkpoint.load().map(|folder| std::fs::read_to_string(folder.join("sum")));
        let saved = saved.transpose().map_err(|e| StageError::caused("cannot read the sum", e))?;
        let first = saved.map_or(0, |text| text.parse().unwrap_or(0));
        context.headline("began_at", first, "");
        for step in first..params.steps {
            if first == 0 && step == params.steps / 2 {
                checkpoint.save(|folder| {
                    std::fs::write(folder.join("sum"), step.to_string())
                        .map_err(|e| StageError::caused("cannot write the sum", e))
                })?;
                context.interrupt().request();
            }
            context.check_interrupt()?;
        }
        let letters = Letters(params.steps.to_string());
        Ok(WriteOutputs { letters })
    }
}

struct Misbehave;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum How {
    Panic,
    Fail,
    Refuse,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MisbehaveParams {
    /// In which way.
    how: How,
}

impl Stage for Misbehave {
    const KIND: &'static str = "misbehave";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Makes nothing, in several ways";
    type Params = MisbehaveParams;
    type Inputs = ();
    type Outputs = WriteOutputs;

    fn run(&self, params: &MisbehaveParams, (): (), _: &mut Context<'_>) -> Result<WriteOutputs, StageError> {
        match params.how {
            How::Panic => panic!("an invariant did not hold"),
            How::Fail => {
                let source = std::io::Error::other("disk on fire");
                Err(StageError::caused("cannot write the text", source))
            }
            How::Refuse => Err(StageError::usage("wanted another way, found `refuse`")),
        }
    }
}

pub(crate) fn registry() -> Registry {
    Registry::new().with(WriteLetters).with(CountLetters).with(MergeCounts).with(SlowSum).with(Misbehave)
}

/// Three stages in a row: a text is written, counted, merged.
pub(crate) const CHAIN: &str = r#"
version = 1
name = "chain"
seed = 7

[stage.write]
kind = "write-letters"
params.text = "abba"

[stage.count]
kind = "count-letters"
inputs = { letters = "write" }

[stage.merge]
kind = "merge-counts"
inputs = { counts = ["count.counts"] }
"#;

/// A store and a folder for manifests and raw files.
pub(crate) struct World {
    root: tempfile::TempDir,
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let store = Store::open(root.path().join("store")).unwrap();
        Self { root, store }
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn manifest(&self, text: &str, sets: &[&str]) -> Manifest {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        let path = self.path().join("manifest.toml");
        Manifest::parse(&path, text.to_owned(), None, &sets).unwrap()
    }

    pub(crate) fn plan(&self, text: &str, sets: &[&str]) -> Plan {
        match Plan::new(&self.manifest(text, sets), &registry(), &self.store) {
            Ok(plan) => plan,
            Err(error) => panic!("{error}"),
        }
    }

    /// Returns why each step is stale, one step a line.
    pub(crate) fn why(&self, text: &str, sets: &[&str]) -> String {
        let line = |step: &crate::Step| match &step.status {
            Status::Fresh(_) => format!("{}: fresh", step.id),
            Status::Stale(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                format!("{}: {}", step.id, reasons.join("; "))
            }
        };
        let plan = self.plan(text, sets);
        plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn run(&self, text: &str, sets: &[&str]) -> RunReport {
        self.run_with(text, sets, &Options::default())
    }

    pub(crate) fn run_with(&self, text: &str, sets: &[&str], options: &Options) -> RunReport {
        run(&self.plan(text, sets), &self.store, options, &|_: &Event| {}).unwrap()
    }
}

/// Returns the state of every step, in one line.
pub(crate) fn states(report: &RunReport) -> String {
    let state = |step: &crate::StepReport| format!("{} {}", step.id, step.state.as_str());
    report.steps.iter().map(state).collect::<Vec<_>>().join(", ")
}

/// Returns options that nobody has interrupted.
pub(crate) fn uninterrupted() -> Options {
    Options { interrupt: Interrupt::default(), ..Options::default() }
}
