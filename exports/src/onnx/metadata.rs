use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spaces::{Architecture, FeatureMap};

use crate::{Form, LoweringError, RunError};

/// Version of the entries; a reader refuses a later one.
const VERSION: u32 = 1;

/// Prefix of every key, so that entries of other tools do not collide with ours.
pub(super) const PREFIX: &str = "shiftaddnas.";

/// What a model says about itself besides its arithmetic; stored in the file's `metadata_props`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Name of the model; also the name of its ONNX graph.
    pub name: String,
    /// What was chosen, where the network comes from a search space.
    pub architecture: Option<Architecture>,
    /// Names of the classes in the order of the logits; empty if they have none.
    pub class_names: Vec<String>,
    /// How pictures were normalized in training; `None` if they were not.
    pub normalization: Option<Normalization>,
    /// Digests of the artifacts that the model was made of, by role: `dataset`, `subnet`.
    pub lineage: BTreeMap<String, String>,
}

/// y = (x − mean) / std per channel, for x in 0..1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalization {
    /// Mean of each channel.
    pub mean: Vec<f32>,
    /// Standard deviation of each channel.
    pub std: Vec<f32>,
}

impl Normalization {
    /// Returns the normalized values of pictures that lie one after the other, each channel by channel.
    pub fn apply(&self, pictures: &[f32], picture: FeatureMap) -> Vec<f32> {
        let channel = |at: usize| at / picture.positions() % self.mean.len();
        let normalized = |(at, value): (usize, &f32)| (value - self.mean[channel(at)]) / self.std[channel(at)];
        pictures.iter().enumerate().map(normalized).collect()
    }
}

impl Metadata {
    /// Returns the entries to store, in the order of their keys.
    pub(crate) fn entries(&self, form: Form) -> Result<Vec<(String, String)>, LoweringError> {
        let mut entries = BTreeMap::new();
        let mut put = |key: &str, value: String| entries.insert(format!("{PREFIX}{key}"), value);
        put("version", VERSION.to_string());
        put("form", form.name().to_owned());
        put("name", self.name.clone());
        put("classes", json(&self.class_names)?);
        put("lineage", json(&self.lineage)?);
        if let Some(normalization) = &self.normalization {
            put("normalization", json(normalization)?);
        }
        if let Some(architecture) = &self.architecture {
            put("architecture", json(architecture)?);
            put("genome", architecture.name());
        }
        Ok(entries.into_iter().collect())
    }

    /// Returns an error if the numbers of classes or channels differ from those of the network.
    pub(crate) fn fit(&self, input: FeatureMap, classes: usize) -> Result<(), LoweringError> {
        let differs = |what, wanted, found| Err(LoweringError::Metadata { what, wanted, found });
        if !self.class_names.is_empty() && self.class_names.len() != classes {
            return differs("class names", classes, self.class_names.len());
        }
        let Some(normalization) = &self.normalization else { return Ok(()) };
        match (normalization.mean.len(), normalization.std.len()) {
            (mean, _) if mean != input.channels => differs("channel means", input.channels, mean),
            (_, std) if std != input.channels => differs("channel deviations", input.channels, std),
            _ => Ok(()),
        }
    }

    /// Returns the metadata and the form that the entries of `model` state.
    pub(crate) fn read(model: &str, entries: &BTreeMap<&str, &str>) -> Result<(Self, Form), RunError> {
        let entries = Entries { model, entries };
        let version: u32 = entries.parsed("version")?;
        if version != VERSION {
            return Err(entries.error("version", format!("is {version}, this program reads {VERSION}")));
        }
        let form = entries.text("form")?;
        let form = Form::named(form).ok_or_else(|| entries.error("form", format!("is `{form}`")))?;
        let metadata = Self {
            name: entries.text("name")?.to_owned(),
            architecture: entries.optional("architecture")?,
            class_names: entries.parsed("classes")?,
            normalization: entries.optional("normalization")?,
            lineage: entries.parsed("lineage")?,
        };
        Ok((metadata, form))
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, LoweringError> {
    serde_json::to_string(value).map_err(|error| LoweringError::Encode(error.into()))
}

/// The entries of one model.
pub(super) struct Entries<'a> {
    pub(super) model: &'a str,
    pub(super) entries: &'a BTreeMap<&'a str, &'a str>,
}

impl Entries<'_> {
    pub(super) fn text(&self, key: &str) -> Result<&str, RunError> {
        let found = self.entries.get(format!("{PREFIX}{key}").as_str());
        found.copied().ok_or_else(|| self.error(key, "is missing".to_owned()))
    }

    pub(super) fn parsed<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Result<T, RunError> {
        serde_json::from_str(self.text(key)?).map_err(|error| self.error(key, format!("cannot be read: {error}")))
    }

    fn optional<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Result<Option<T>, RunError> {
        let present = self.entries.contains_key(format!("{PREFIX}{key}").as_str());
        present.then(|| self.parsed(key)).transpose()
    }

    pub(super) fn error(&self, key: &str, problem: String) -> RunError {
        RunError::Metadata { model: self.model.to_owned(), key: format!("{PREFIX}{key}"), problem }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> Metadata {
        Metadata {
            name: "subnet".to_owned(),
            architecture: None,
            class_names: vec!["cat".to_owned(), "dog".to_owned()],
            normalization: Some(Normalization { mean: vec![0.5, 0.25], std: vec![0.5, 2.0] }),
            lineage: BTreeMap::from([("dataset".to_owned(), "abc".to_owned())]),
        }
    }

    fn read(entries: &[(String, String)]) -> Result<(Metadata, Form), RunError> {
        Metadata::read("m.onnx", &entries.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
    }

    #[test]
    fn stored_metadata_reads_back() {
        let entries = metadata().entries(Form::Int8).unwrap();
        assert_eq!(read(&entries).unwrap(), (metadata(), Form::Int8));
    }

    #[test]
    fn another_version_is_refused_politely() {
        let mut entries = metadata().entries(Form::Float).unwrap();
        let version = entries.iter_mut().find(|(key, _)| key == "shiftaddnas.version").unwrap();
        version.1 = "2".to_owned();
        let message = read(&entries).unwrap_err().to_string();
        assert_eq!(
            message,
            "model `m.onnx`: metadata `shiftaddnas.version` is 2, this program reads 1; export the model again"
        );
    }

    #[test]
    fn class_names_must_be_as_many_as_logits() {
        let input = FeatureMap { channels: 2, height: 1, width: 1 };
        assert!(metadata().fit(input, 2).is_ok());
        assert_eq!(metadata().fit(input, 3).unwrap_err().to_string(), "metadata wants 3 class names, found 2");
        let message = metadata().fit(FeatureMap::vector(3), 2).unwrap_err().to_string();
        assert_eq!(message, "metadata wants 3 channel means, found 2");
    }

    #[test]
    fn each_channel_is_normalized_by_its_own_numbers() {
        let normalization = metadata().normalization.unwrap();
        let picture = FeatureMap { channels: 2, height: 1, width: 2 };
        let pictures = [1.0, 0.5, 2.25, 0.25, 0.0, 0.5, 0.25, 4.25];
        assert_eq!(normalization.apply(&pictures, picture), [1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 2.0]);
    }
}
