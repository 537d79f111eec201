use std::path::Path;
use std::sync::Arc;

use spaces::FeatureMap;
use tract_onnx::prelude::{
    Datum, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, IntoTValue, Tensor, TractError,
    TractResult, TypedRunnableModel, tvec,
};

use super::{decode, file};
use crate::RunError;
use crate::onnx::{Checked, Metadata, Summary, check_model};

/// Plans kept at once: an evaluation uses a full and a last, smaller batch; a measurement two more.
const PLANS: usize = 4;

/// A loaded model. Every batch size gets a plan of its own, made when it is first used: tract chooses its
/// fast kernels only where all sizes are known.
pub struct Runner {
    /// Path of the file, for messages.
    model: String,
    summary: Summary,
    network: InferenceModel,
    /// Plans by batch size, the one used last at the end.
    plans: Vec<(usize, Arc<TypedRunnableModel>)>,
}

/// What a model makes of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Index of the most probable class.
    pub class: usize,
    /// Its name, where the model has class names.
    pub name: Option<String>,
    /// Its softmax probability, 0..=1.
    pub probability: f32,
}

impl Runner {
    /// Returns the model of a file.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 512 MiB, or is no model of [`crate::export`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, RunError> {
        let path = path.as_ref();
        Self::from_bytes(&file::read(path)?, &path.display().to_string())
    }

    /// Returns the model of bytes; `model` is what messages call it.
    ///
    /// # Errors
    /// As [`Runner::load`].
    pub fn from_bytes(bytes: &[u8], model: &str) -> Result<Self, RunError> {
        file::fits(model, bytes.len() as u64)?;
        let Checked { proto, summary } = check_model(bytes, model)?;
        let network = tract_onnx::onnx()
            .model_for_proto_model(&proto)
            .map_err(|error| RunError::NotOnnx { model: model.to_owned(), source: error.into() })?;
        Ok(Self { model: model.to_owned(), summary, network, plans: Vec::new() })
    }

    /// Returns what the file holds.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns what the model says about itself.
    pub fn metadata(&self) -> &Metadata {
        &self.summary.metadata
    }

    /// Returns the logits of `batch` normalized pictures, `[batch, classes]` row by row.
    ///
    /// # Shapes
    /// - pictures: `[batch, C, H, W]`, row-major.
    ///
    /// # Errors
    /// If the number of values is not that of the batch, or tract cannot run the model.
    pub fn run(&mut self, pictures: &[f32], batch: usize) -> Result<Vec<f32>, RunError> {
        let FeatureMap { channels, height, width } = self.summary.input;
        let wanted = batch * self.summary.input.values();
        if batch == 0 || pictures.len() != wanted {
            return Err(self.length(batch, wanted, pictures.len()));
        }
        let plan = self.plan(batch)?;
        let run = || -> TractResult<Vec<f32>> {
            let pictures = Tensor::from_shape(&[batch, channels, height, width], pictures)?;
            let outputs = plan.run(tvec!(pictures.into_tvalue()))?;
            Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
        };
        run().map_err(|error| self.tract(batch, error))
    }

    /// Returns the most probable class of each of `batch` normalized pictures.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn classify(&mut self, pictures: &[f32], batch: usize) -> Result<Vec<Prediction>, RunError> {
        let logits = self.run(pictures, batch)?;
        Ok(logits.chunks_exact(self.summary.classes).map(|row| self.prediction(row)).collect())
    }

    fn prediction(&self, logits: &[f32]) -> Prediction {
        let class = (0..logits.len()).max_by(|&left, &right| logits[left].total_cmp(&logits[right])).unwrap_or(0);
        let sum: f32 = logits.iter().map(|logit| (logit - logits[class]).exp()).sum();
        let name = self.metadata().class_names.get(class).cloned();
        Prediction { class, name, probability: sum.recip() }
    }

    fn plan(&mut self, batch: usize) -> Result<Arc<TypedRunnableModel>, RunError> {
        let known = self.plans.iter().position(|(size, _)| *size == batch);
        let plan = match known {
            Some(at) => self.plans.remove(at).1,
            None => self.new_plan(batch).map_err(|error| self.tract(batch, error))?,
        };
        if self.plans.len() == PLANS {
            self.plans.remove(0);
        }
        self.plans.push((batch, Arc::clone(&plan)));
        Ok(plan)
    }

    fn new_plan(&self, batch: usize) -> TractResult<Arc<TypedRunnableModel>> {
        let FeatureMap { channels, height, width } = self.summary.input;
        let input = InferenceFact::dt_shape(f32::datum_type(), [batch, channels, height, width]);
        let mut network = self.network.clone().with_input_fact(0, input)?.into_typed()?;
        decode::constants(&mut network)?;
        network.into_optimized()?.into_runnable()
    }

    fn length(&self, batch: usize, wanted: usize, found: usize) -> RunError {
        let picture = self.summary.input.to_string();
        RunError::InputLength { model: self.model.clone(), batch, picture, wanted, found }
    }

    fn tract(&self, batch: usize, error: TractError) -> RunError {
        RunError::Tract { model: self.model.clone(), batch, source: error.into() }
    }
}
