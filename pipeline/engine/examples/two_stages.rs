//! The smallest pipeline: one stage makes numbers, another adds them up. Run it twice: the second run does nothing.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use engine::{
    Artifact, ArtifactError, Context, Folder, FolderWriter, Manifest, One, Open, Options, Plan, Publish, Registry,
    Stage, StageError, Store, Table, inputs, outputs, run,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MANIFEST: &str = r#"
version = 1
name = "two-stages"
seed = 7

[stage.numbers]
kind = "make-numbers"
params.count = 10

[stage.total]
kind = "add-up"
inputs = { numbers = "numbers" }
"#;

struct Numbers(Vec<u32>);

impl Artifact for Numbers {
    const FORMAT: &'static str = "numbers";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "A list of numbers";
}

impl Open for Numbers {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        Ok(Self(folder.table("numbers")?.get("number")?))
    }
}

impl Publish for Numbers {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("numbers", &Table::new().with("number", self.0))
    }
}

struct MakeNumbers;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MakeNumbersParams {
    /// How many numbers to make.
    count: u32,
}

outputs! {
    struct MakeNumbersOutputs {
        /// The numbers from one upwards.
        numbers: Numbers,
    }
}

impl Stage for MakeNumbers {
    const KIND: &'static str = "make-numbers";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Makes the numbers from one upwards";
    type Params = MakeNumbersParams;
    type Inputs = ();
    type Outputs = MakeNumbersOutputs;

    fn run(&self, params: &MakeNumbersParams, (): (), _: &mut Context<'_>) -> Result<MakeNumbersOutputs, StageError> {
        let numbers = Numbers((1..=params.count).collect());
        Ok(MakeNumbersOutputs { numbers })
    }
}

struct AddUp;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddUpParams {}

inputs! {
    struct AddUpInputs {
        /// What to add up.
        numbers: One<Numbers>,
    }
}

impl Stage for AddUp {
    const KIND: &'static str = "add-up";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Adds numbers up";
    type Params = AddUpParams;
    type Inputs = AddUpInputs;
    type Outputs = ();

    fn run(&self, _: &AddUpParams, inputs: AddUpInputs, context: &mut Context<'_>) -> Result<(), StageError> {
        context.headline("total", inputs.numbers.0.iter().sum::<u32>(), "");
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Registry::new().with(MakeNumbers).with(AddUp);
    let store = Store::open(std::env::temp_dir().join("two-stages-store"))?;
    let manifest = Manifest::parse(Path::new("two-stages.toml"), MANIFEST.to_owned(), None, &[])?;
    let plan = Plan::new(&manifest, &registry, &store)?;
    let report = run(&plan, &store, &Options::default(), &|_| {})?;
    let mut out = std::io::stdout();
    for step in &report.steps {
        writeln!(out, "{} {}", step.id, step.state.as_str())?;
        for headline in &step.headlines {
            writeln!(out, "  {} = {}", headline.name, headline.value)?;
        }
    }
    Ok(())
}
