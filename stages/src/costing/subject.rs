use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use costs::{NameError, Network, Sources, TranslationPass, network, transformer, translation_network};
use spaces::{FeatureMap, SearchSpace, Space, Task};

use super::CostingError;
use crate::onnx_network::onnx_network;
use crate::small_file::read_text;

/// Most bytes of a model that is read.
const MOST_MODEL_BYTES: u64 = 2 << 30;

/// What is to be costed.
#[derive(Clone, Debug)]
pub struct CostSubject {
    /// Name of a published network, an exported file, or an architecture of the space.
    pub text: String,
    /// Rows and columns of the pictures of published vision networks.
    pub image_size: u64,
    /// How many encoder layers each decoder layer of a translation network attends to.
    pub sources: Sources,
    /// Where architectures come from.
    pub space: SpaceFile,
}

/// A search space in a manifest, and what its networks read and answer.
#[derive(Clone, Debug)]
pub struct SpaceFile {
    /// The manifest; its first stage with a `space` in its params counts.
    pub manifest: Option<PathBuf>,
    /// Size of the pictures.
    pub input: FeatureMap,
    /// Classes.
    pub classes: usize,
}

impl CostSubject {
    /// Returns the layers.
    ///
    /// # Errors
    /// If the text is no name, no file and no architecture.
    pub fn network(&self) -> Result<Network, CostingError> {
        let path = Path::new(&self.text);
        if path.extension().is_some_and(|extension| extension == "onnx") {
            return exported(path);
        }
        match &self.space.manifest {
            Some(manifest) => self.architecture(manifest),
            None => self.published(),
        }
    }

    fn published(&self) -> Result<Network, CostingError> {
        let unknown = match network(&self.text, self.image_size) {
            Ok(network) => return Ok(network),
            Err(unknown @ NameError::Unknown { .. }) => unknown,
            Err(error @ NameError::ImageSize { .. }) => return Err(error.into()),
        };
        match translation_network(&self.text) {
            Ok(architecture) => {
                let pass = TranslationPass { sources: self.sources, ..TranslationPass::default() };
                Ok(transformer(&self.text, &architecture, pass))
            }
            Err(other) => Err(unknown.or(other).into()),
        }
    }

    fn architecture(&self, manifest: &Path) -> Result<Network, CostingError> {
        let space =
            manifest_space(manifest, &read_text(manifest).map_err(|error| CostingError::unreadable(manifest, error))?)?;
        let task = Task { input: self.space.input, classes: self.space.classes };
        let path = || manifest.to_owned();
        space.validate(task).map_err(|source| CostingError::Space { path: path(), source })?;
        let genome = space.parse(&self.text);
        let genome = genome.map_err(|source| CostingError::Genome {
            text: self.text.clone(),
            path: path(),
            source: Box::new(source),
        })?;
        Ok(Network::of_graph(&self.text, &space.graph(&genome, task)))
    }
}

fn exported(path: &Path) -> Result<Network, CostingError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST_MODEL_BYTES + 1).read_to_end(&mut bytes));
    if read.map_err(|error| CostingError::unreadable(path, error))? as u64 > MOST_MODEL_BYTES {
        return Err(CostingError::file(path, format!("is larger than {MOST_MODEL_BYTES} bytes")));
    }
    onnx_network(&bytes, &path.display().to_string()).map_err(|error| CostingError::File {
        path: path.to_owned(),
        message: "has no costs".to_owned(),
        source: Some(error.into()),
    })
}

/// Returns the space in the params of a manifest's first stage that has one.
///
/// # Errors
/// If the text is no TOML, no stage has a space, or the space is none.
pub fn manifest_space(path: &Path, text: &str) -> Result<Space, CostingError> {
    let wrong = |message: &str, error: toml::de::Error| CostingError::File {
        path: path.to_owned(),
        message: message.to_owned(),
        source: Some(error.into()),
    };
    let manifest: toml::Table = text.parse().map_err(|error| wrong("is no TOML", error))?;
    let stages = manifest.get("stage").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let space = stages.filter_map(|stage| stage.get("params")?.get("space")).next();
    let space =
        space.ok_or_else(|| CostingError::file(path, "wants a stage with a `space` in its params, found none"))?;
    let space: Space = space.clone().try_into().map_err(|error| wrong("has a `space` that is none", error))?;
    space.check().map_err(|source| CostingError::Space { path: path.to_owned(), source })?;
    Ok(space)
}
