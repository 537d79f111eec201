use std::sync::LazyLock;

use serde::Deserialize;
use spaces::{
    DecoderLayer, EncoderLayer, LinearForm, Mix, TransformerArchitecture, TransformerDecoder, TransformerEncoder,
    TransformerError, TransformerSizes,
};
use thiserror::Error;

use crate::NameError;

const FILE: &str = include_str!("../../data/translation_networks.toml");

static NETWORKS: LazyLock<Vec<NamedTransformer>> =
    LazyLock::new(|| parse(FILE).expect("the file is part of the program and a test reads it"));

/// A published translation network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTransformer {
    /// Name in the release that it is from.
    pub name: String,
    /// Shorter names.
    pub aliases: Vec<String>,
    /// Its sizes.
    pub architecture: TransformerArchitecture,
}

/// Returns the published networks of ShiftAddNAS and HAT and the Transformers that they are compared with.
pub fn translation_networks() -> &'static [NamedTransformer] {
    &NETWORKS
}

/// Returns the network with this name or alias, for example `en-de@350ms_update`.
///
/// # Errors
/// [`NameError::Unknown`] if none has it.
pub fn translation_network(name: &str) -> Result<TransformerArchitecture, NameError> {
    let found = NETWORKS.iter().find(|network| network.is_called(name));
    let known = NETWORKS.iter().map(|network| (network.shortest_name(), &*network.aliases));
    found.map(|network| network.architecture.clone()).ok_or_else(|| NameError::unknown(name, known))
}

impl NamedTransformer {
    /// Returns whether this is its name or an alias.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Returns its first alias, or the name if it has none.
    pub fn shortest_name(&self) -> &str {
        self.aliases.first().unwrap_or(&self.name)
    }
}

/// Why the data file cannot be read.
#[derive(Debug, Error)]
enum FileError {
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    #[error("`{network}`: lists of different lengths for the layers of one side")]
    Lengths { network: String },
    #[error("`{network}`: {source}")]
    Sizes { network: String, source: TransformerError },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    network: Vec<Entry>,
}

/// A network as the file writes it: lists over layers instead of layers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    inner_width: usize,
    encoder: EncoderLists,
    decoder: DecoderLists,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncoderLists {
    width: usize,
    mlp_widths: Vec<usize>,
    heads: Vec<usize>,
    mixes: Vec<Mix>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecoderLists {
    width: usize,
    mlp_widths: Vec<usize>,
    self_heads: Vec<usize>,
    cross_heads: Vec<usize>,
    sources: Vec<usize>,
    mixes: Vec<Mix>,
}

fn parse(text: &str) -> Result<Vec<NamedTransformer>, FileError> {
    toml::from_str::<File>(text)?.network.into_iter().map(Entry::network).collect()
}

impl Entry {
    fn network(self) -> Result<NamedTransformer, FileError> {
        let Self { name, aliases, inner_width, encoder, decoder } = self;
        let sides = encoder.side().zip(decoder.side());
        let (encoder, decoder) = sides.ok_or_else(|| FileError::Lengths { network: name.clone() })?;
        let architecture = TransformerArchitecture::new(TransformerSizes { inner_width, encoder, decoder })
            .map_err(|source| FileError::Sizes { network: name.clone(), source })?;
        Ok(NamedTransformer { name, aliases, architecture })
    }
}

impl EncoderLists {
    /// `None` if the lists have different lengths.
    fn side(&self) -> Option<TransformerEncoder> {
        let layers = self.mixes.len();
        let equal = [self.mlp_widths.len(), self.heads.len()] == [layers; 2];
        let layer = |index: usize| EncoderLayer {
            mlp_width: self.mlp_widths[index],
            heads: self.heads[index],
            mix: self.mixes[index],
            mlp_form: LinearForm::Dense,
            projection_form: LinearForm::Dense,
        };
        equal.then(|| TransformerEncoder { width: self.width, layers: (0..layers).map(layer).collect() })
    }
}

impl DecoderLists {
    /// `None` if the lists have different lengths.
    fn side(&self) -> Option<TransformerDecoder> {
        let layers = self.mixes.len();
        let lists = [&self.mlp_widths, &self.self_heads, &self.cross_heads, &self.sources];
        let equal = lists.iter().all(|list| list.len() == layers);
        let layer = |index: usize| DecoderLayer {
            mlp_width: self.mlp_widths[index],
            self_heads: self.self_heads[index],
            cross_heads: self.cross_heads[index],
            sources: self.sources[index],
            mix: self.mixes[index],
            mlp_form: LinearForm::Dense,
            projection_form: LinearForm::Dense,
        };
        equal.then(|| TransformerDecoder { width: self.width, layers: (0..layers).map(layer).collect() })
    }
}

#[cfg(test)]
mod tests;
