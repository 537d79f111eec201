use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use translation::{BeamSettings, BytePairs, Dictionary, TextCodec, TextSettings};

use super::super::file;
use super::{Batching, TranslationError, TranslationRunner};
use crate::RunError;
use crate::lowering::translation::TranslationModel;

/// Version of [`SETTINGS`]; a reader refuses another one.
const VERSION: u32 = 1;
const ENCODER: &str = "encoder.onnx";
const DECODER: &str = "decoder.onnx";
/// The merges of byte pair encoding, as subword-nmt writes them.
const CODES: &str = "codes.bpe";
/// Tokens by id, as fairseq writes them.
const DICTIONARY: &str = "dictionary.txt";
/// How text becomes words, and words text.
const SETTINGS: &str = "translator.json";

/// A translation model with all that its text needs: lines in, lines out.
pub struct Translator {
    runner: TranslationRunner,
    source: TextCodec,
    target: TextCodec,
}

/// What [`SETTINGS`] holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    version: u32,
    source: TextSettings,
    target: TextSettings,
}

impl Translator {
    /// Returns name and bytes of every file that a folder needs for [`Translator::load`].
    ///
    /// # Errors
    /// If the dictionary is not the vocabulary of the model, or the two codecs have not the same.
    pub fn files(
        model: TranslationModel,
        source: &TextCodec,
        target: &TextCodec,
    ) -> Result<Vec<(String, Vec<u8>)>, TranslationError> {
        let settings =
            Settings { version: VERSION, source: *source.splitter().settings(), target: *target.splitter().settings() };
        let settings = serde_json::to_vec_pretty(&settings);
        let settings = settings.map_err(|error| TranslationError::text(SETTINGS, error))?;
        let files = vec![
            (ENCODER.to_owned(), model.encoder),
            (DECODER.to_owned(), model.decoder),
            (CODES.to_owned(), source.byte_pairs().to_codes().into_bytes()),
            (DICTIONARY.to_owned(), source.dictionary().to_text().into_bytes()),
            (SETTINGS.to_owned(), settings),
        ];
        Self::from_files(&files)?.has_dictionary(target.dictionary())?;
        Ok(files)
    }

    /// Returns the translator of a folder: `encoder.onnx`, `decoder.onnx`, `codes.bpe`, `dictionary.txt` and
    /// `translator.json`.
    ///
    /// # Errors
    /// If a file cannot be read or is none of ours, or if they do not belong together.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, TranslationError> {
        let path = |name: &str| folder.as_ref().join(name);
        Self::new(|name| file::read(&path(name)), |name| path(name).display().to_string())
    }

    /// Returns the translator of files by name, as [`Translator::files`] gave them.
    ///
    /// # Errors
    /// As [`Translator::load`].
    pub fn from_files(files: &[(String, Vec<u8>)]) -> Result<Self, TranslationError> {
        let read = |name: &str| match files.iter().find(|(file, _)| file == name) {
            Some((_, bytes)) => Ok(bytes.clone()),
            None => Err(RunError::Read { path: name.into(), source: std::io::ErrorKind::NotFound.into() }),
        };
        Self::new(read, str::to_owned)
    }

    fn new(
        read: impl Fn(&str) -> Result<Vec<u8>, RunError>,
        path: impl Fn(&str) -> String,
    ) -> Result<Self, TranslationError> {
        let model = TranslationModel { encoder: read(ENCODER)?, decoder: read(DECODER)? };
        let runner = TranslationRunner::named(&model, [ENCODER, DECODER].map(&path))?;
        let text =
            |name: &str| String::from_utf8(read(name)?).map_err(|error| TranslationError::text(&path(name), error));
        let pairs = BytePairs::parse(&text(CODES)?).map_err(|error| TranslationError::text(&path(CODES), error))?;
        let dictionary = Dictionary::parse(&text(DICTIONARY)?);
        let dictionary = dictionary.map_err(|error| TranslationError::text(&path(DICTIONARY), error))?;
        let settings: Settings =
            serde_json::from_str(&text(SETTINGS)?).map_err(|error| TranslationError::text(&path(SETTINGS), error))?;
        if settings.version != VERSION {
            let problem = format!("its version is {}, this program reads {VERSION}", settings.version);
            return Err(TranslationError::text(&path(SETTINGS), problem));
        }
        let (found, wanted) = (dictionary.len(), runner.task().vocabulary);
        if found != wanted {
            return Err(TranslationError::Vocabulary { dictionary: path(DICTIONARY), wanted, found });
        }
        let (pairs, dictionary) = (Arc::new(pairs), Arc::new(dictionary));
        let codec = |settings| TextCodec::new(settings, Arc::clone(&pairs), Arc::clone(&dictionary));
        Ok(Self { runner, source: codec(settings.source), target: codec(settings.target) })
    }

    fn has_dictionary(&self, other: &Dictionary) -> Result<(), TranslationError> {
        if self.source.dictionary() != other {
            return Err(TranslationError::text(
                DICTIONARY,
                "source and target have dictionaries of their own; join them",
            ));
        }
        Ok(())
    }

    /// Returns the model.
    pub const fn runner(&self) -> &TranslationRunner {
        &self.runner
    }

    /// Returns how sources become tokens.
    pub const fn source(&self) -> &TextCodec {
        &self.source
    }

    /// Returns how tokens become translations.
    pub const fn target(&self) -> &TextCodec {
        &self.target
    }

    /// Returns the best translation of each line. An empty line stays empty. `progress` is called with the number of
    /// lines that have just been translated.
    ///
    /// # Errors
    /// If a line has too many tokens for the model, which is told with its number, or the settings make no sense.
    pub fn translate(
        &self,
        lines: &[impl AsRef<str>],
        settings: &BeamSettings,
        batching: &Batching,
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<Vec<String>, TranslationError> {
        let sources: Vec<Vec<u32>> = lines.iter().map(|line| self.source.encode(line.as_ref())).collect();
        let found = self.runner.translate(&sources, settings, batching, progress)?;
        Ok(found
            .iter()
            .map(|best| best.first().map_or_else(String::new, |best| self.target.decode(&best.tokens)))
            .collect())
    }
}
