use std::sync::LazyLock;

use serde::Deserialize;
use spaces::TransformerArchitecture;
use thiserror::Error;

use super::architecture_file::{ArchitectureFileError, DecoderLists, EncoderLists, architecture};
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
    #[error("`{network}`: {source}")]
    Architecture { network: String, source: ArchitectureFileError },
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

fn parse(text: &str) -> Result<Vec<NamedTransformer>, FileError> {
    toml::from_str::<File>(text)?.network.into_iter().map(Entry::network).collect()
}

impl Entry {
    fn network(self) -> Result<NamedTransformer, FileError> {
        let Self { name, aliases, inner_width, encoder, decoder } = self;
        let architecture = architecture(inner_width, &encoder, &decoder)
            .map_err(|source| FileError::Architecture { network: name.clone(), source })?;
        Ok(NamedTransformer { name, aliases, architecture })
    }
}

#[cfg(test)]
mod tests;
