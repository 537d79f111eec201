use datasets::split::{Role, carve_valid};
use datasets::{ImageShape, ImageSource, Normalization, Part, Pictures, SourceError, SourceKind, SourceOptions};
use engine::{Context, SourcePath, Stage, StageError, outputs};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{FeatureMap, Task};

use crate::artifacts::{DatasetDescription, DatasetWriter};
use crate::causes::with_causes;

/// Reads a published data set and splits it.
pub struct PrepareDataset;

/// What to read and how to split it.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrepareDatasetParams {
    /// Which reader.
    source: SourceKind,
    /// The file or folder, relative to the manifest. Without it `synthetic` is made up and `fashion-mnist` is the
    /// small set that comes with this program.
    #[serde(default)]
    path: Option<SourcePath>,
    /// How to read it.
    #[serde(default)]
    options: SourceOptions,
    /// Share of the training part that becomes the valid split, by class.
    #[serde(default = "default_valid_fraction")]
    valid_fraction: f64,
}

impl PrepareDatasetParams {
    /// Returns the task that the data set will set, where that can be told without reading its pictures.
    pub fn task(&self) -> Option<Task> {
        let outline = datasets::outline(self.source, self.path.as_ref().map(SourcePath::path), &self.options)?;
        let ImageShape { channels, height, width } = outline.shape;
        Some(Task { input: FeatureMap { channels, height, width }, classes: outline.classes })
    }
}

const fn default_valid_fraction() -> f64 {
    0.2
}

outputs! {
    /// The prepared set.
    pub struct PrepareDatasetOutputs {
        /// Train and valid, carved from the training part as shipped, and test.
        pub dataset: DatasetWriter,
    }
}

impl Stage for PrepareDataset {
    const KIND: &'static str = "prepare-dataset";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Reads a published data set and carves the valid split from its training part";

    type Params = PrepareDatasetParams;
    type Inputs = ();
    type Outputs = PrepareDatasetOutputs;

    fn sources<'a>(&self, params: &'a Self::Params) -> Vec<&'a SourcePath> {
        params.path.iter().collect()
    }

    fn run(&self, params: &Self::Params, (): (), context: &mut Context<'_>) -> Result<Self::Outputs, StageError> {
        let path = params.path.as_ref().map(SourcePath::path);
        let broken = |error: SourceError| match path {
            Some(path) => StageError::source(path, with_causes(&error)),
            None => StageError::usage(with_causes(&error)),
        };
        let source = datasets::open(params.source, path, &params.options).map_err(broken)?;
        let shipped = read(source.as_ref(), Part::Train, context)?.map_err(broken)?;
        let test = read(source.as_ref(), Part::Test, context)?.map_err(broken)?;
        source.warnings().iter().for_each(|warning| context.note(warning));
        let labels = shipped.labels();
        let (train, valid) =
            carve_valid(labels, shipped.classes, params.valid_fraction, context.seed()).map_err(broken)?;
        let (train, valid) = (shipped.select(&train), shipped.select(&valid));
        for (role, pictures) in [(Role::Train, &train), (Role::Valid, &valid), (Role::Test, &test)] {
            if pictures.is_empty() {
                let message = format!("the {role} split is empty; change `valid_fraction` or the limits in `options`");
                return Err(StageError::usage(message));
            }
        }
        report(context, [&train, &valid, &test]);
        let description = DatasetDescription {
            source: params.source.to_string(),
            shape: source.shape(),
            classes: source.classes().to_vec(),
            normalization: Normalization::measure(&train),
        };
        let splits = [(Role::Train, train), (Role::Valid, valid), (Role::Test, test)];
        Ok(PrepareDatasetOutputs { dataset: DatasetWriter { description, splits } })
    }
}

/// Pictures between two progress reports.
const REPORT_EVERY: usize = 1000;

fn read(
    source: &dyn ImageSource,
    part: Part,
    context: &mut Context<'_>,
) -> Result<Result<Pictures, SourceError>, StageError> {
    let mut pictures = Pictures::new(source.shape(), source.classes().len());
    let examples = match source.examples(part) {
        Ok(examples) => examples,
        Err(error) => return Ok(Err(error)),
    };
    for example in examples {
        if let Err(error) = example.and_then(|example| pictures.push(&example)) {
            return Ok(Err(error));
        }
        if pictures.len().is_multiple_of(REPORT_EVERY) {
            context.progress(pictures.len() as u64, source.len(part) as u64, &format!("{part} pictures"));
            context.check_interrupt()?;
        }
    }
    Ok(Ok(pictures))
}

fn report(context: &mut Context<'_>, [train, valid, test]: [&Pictures; 3]) {
    context.headline("shape", train.shape.to_string(), "");
    context.headline("classes", train.classes, "");
    context.headline("train_pictures", train.len(), "");
    context.headline("valid_pictures", valid.len(), "");
    context.headline("test_pictures", test.len(), "");
}
