use std::collections::{BTreeMap, BTreeSet};

use spaces::{TransformerArchitecture, TranslationTask};
use tract_onnx::pb::ModelProto;

use super::check::{Reader, parsed};
use super::metadata::{Entries, PREFIX, json};
use super::seal::is_intact;
use crate::{Form, LoweringError, RunError};

/// Version of the entries; a reader refuses another one.
const VERSION: u32 = 2;

/// What a translation model says about itself besides its arithmetic; stored in both files' `metadata_props`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TranslationMetadata {
    /// Name of the model.
    pub name: String,
    /// Language of the sources, for example `de`.
    pub source_language: String,
    /// Language of the targets.
    pub target_language: String,
    /// Digests of the artifacts that the model was made of, by role: `dataset`, `subnet`.
    pub lineage: BTreeMap<String, String>,
}

/// Which of the two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TranslationPart {
    /// The encoder, which names the digest of the decoder that belongs to it.
    Encoder {
        /// Digest of the decoder's file.
        decoder: String,
    },
    /// One step of the decoder.
    Decoder,
}

/// A file that has passed [`check_translation`].
pub(crate) struct TranslationFile {
    pub(crate) proto: ModelProto,
    pub(crate) part: TranslationPart,
    pub(crate) architecture: TransformerArchitecture,
    pub(crate) task: TranslationTask,
    pub(crate) form: Form,
    pub(crate) metadata: TranslationMetadata,
}

impl TranslationPart {
    const fn name(&self) -> &'static str {
        match self {
            TranslationPart::Encoder { .. } => "encoder",
            TranslationPart::Decoder => "decoder",
        }
    }
}

impl TranslationMetadata {
    /// Returns the entries to store, in the order of their keys.
    pub(crate) fn entries(
        &self,
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        form: Form,
        part: &TranslationPart,
    ) -> Result<Vec<(String, String)>, LoweringError> {
        let mut entries = BTreeMap::new();
        let mut put = |key: &str, value: String| entries.insert(format!("{PREFIX}{key}"), value);
        put("translation", VERSION.to_string());
        put("part", part.name().to_owned());
        put("form", form.name().to_owned());
        put("name", self.name.clone());
        put("source", self.source_language.clone());
        put("target", self.target_language.clone());
        put("lineage", json(&self.lineage)?);
        put("architecture", json(architecture)?);
        put("task", json(task)?);
        match part {
            TranslationPart::Encoder { decoder } => drop(put("decoder", decoder.clone())),
            TranslationPart::Decoder => {}
        }
        Ok(entries.into_iter().collect())
    }
}

/// Returns the parsed file named `model` (its path) after looking at all that tract takes for granted.
pub(crate) fn check_translation(bytes: &[u8], model: &str) -> Result<TranslationFile, RunError> {
    let proto = parsed(bytes, model)?;
    let reader = Reader { model };
    let graph = reader.graph(&proto)?;
    reader.operators(graph, &mut BTreeMap::new())?;
    reader.constants(graph)?;
    let inputs: BTreeSet<&str> = graph.input.iter().map(|input| input.name.as_str()).collect();
    reader.values(graph, inputs)?;
    let entries = proto.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
    let entries = Entries { model, entries: &entries };
    let version: u32 = entries.parsed("translation")?;
    if version != VERSION {
        return Err(entries.error("translation", format!("is {version}, this program reads {VERSION}")));
    }
    let (part, form, metadata) = (part(&entries)?, form(&entries)?, metadata(&entries)?);
    let (architecture, task) = (entries.parsed("architecture")?, entries.parsed("task")?);
    if !is_intact(bytes) {
        return Err(RunError::Damaged { model: model.to_owned() });
    }
    Ok(TranslationFile { proto, part, architecture, task, form, metadata })
}

fn part(entries: &Entries<'_>) -> Result<TranslationPart, RunError> {
    match entries.text("part")? {
        "encoder" => Ok(TranslationPart::Encoder { decoder: entries.text("decoder")?.to_owned() }),
        "decoder" => Ok(TranslationPart::Decoder),
        other => Err(entries.error("part", format!("is `{other}`"))),
    }
}

fn form(entries: &Entries<'_>) -> Result<Form, RunError> {
    let form = entries.text("form")?;
    Form::named(form).ok_or_else(|| entries.error("form", format!("is `{form}`")))
}

fn metadata(entries: &Entries<'_>) -> Result<TranslationMetadata, RunError> {
    Ok(TranslationMetadata {
        name: entries.text("name")?.to_owned(),
        source_language: entries.text("source")?.to_owned(),
        target_language: entries.text("target")?.to_owned(),
        lineage: entries.parsed("lineage")?,
    })
}
