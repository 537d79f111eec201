use std::sync::Arc;

use engine::{ArtifactError, Folder, FolderWriter, Table};
use translation::{BytePairs, Dictionary, TextCodec, TextSettings};

use super::CorpusWriter;

/// How the text of a corpus becomes tokens and comes back: joined codes and dictionary, settings by language.
#[derive(Clone, Debug)]
pub struct CorpusText {
    /// Of sources.
    pub source: TextCodec,
    /// Of targets.
    pub target: TextCodec,
}

/// Name of the table of settings and of its column.
const SETTINGS: &str = "text";
/// Name of the table of merges.
const CODES: &str = "codes";
/// Name of the table of tokens.
const DICTIONARY: &str = "dictionary";
/// Name of the columns of lines.
const LINE: &str = "line";

impl CorpusText {
    /// Returns the text with these settings of source and target.
    pub fn new([source, target]: [TextSettings; 2], pairs: BytePairs, dictionary: Dictionary) -> Self {
        let (pairs, dictionary) = (Arc::new(pairs), Arc::new(dictionary));
        let codec = |settings| TextCodec::new(settings, Arc::clone(&pairs), Arc::clone(&dictionary));
        Self { source: codec(source), target: codec(target) }
    }

    /// Returns the settings of source and target.
    pub fn settings(&self) -> [TextSettings; 2] {
        [&self.source, &self.target].map(|codec| *codec.splitter().settings())
    }

    pub(super) fn write(&self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        let lines = |text: String| Table::new().with::<String>(LINE, text.lines().map(str::to_owned).collect());
        let settings = super::super::json_table::<CorpusWriter, _>(SETTINGS, &self.settings())?;
        folder.write_table(SETTINGS, &settings)?;
        folder.write_table(CODES, &lines(self.source.byte_pairs().to_codes()))?;
        folder.write_table(DICTIONARY, &lines(self.source.dictionary().to_text()))
    }

    pub(super) fn read(folder: &Folder) -> Result<Self, ArtifactError> {
        let text = |name: &str| -> Result<String, ArtifactError> {
            let lines: Vec<String> = folder.table(name)?.get(LINE)?;
            Ok(lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect())
        };
        let settings = super::super::json_value::<CorpusWriter, _>(&folder.table(SETTINGS)?, SETTINGS)?;
        let codes = BytePairs::parse(&text(CODES)?);
        let codes = codes.map_err(|error| ArtifactError::caused::<CorpusWriter>("the codes do not read", error))?;
        let dictionary = Dictionary::parse(&text(DICTIONARY)?);
        let dictionary =
            dictionary.map_err(|error| ArtifactError::caused::<CorpusWriter>("the dictionary does not read", error))?;
        Ok(Self::new(settings, codes, dictionary))
    }
}
