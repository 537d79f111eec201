use std::marker::PhantomData;

use datasets::EncodedPairs;
use datasets::split::Role;
use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table, TableReader};
use serde::{Deserialize, Serialize};
use spaces::{Conventions, TranslationTask};

use super::dataset::{Selecting, Testing};

mod spool;
mod text;

use spool::PairColumns;
pub use spool::PairSpool;
pub use text::CorpusText;

/// Rows per parquet row group, and per read.
const ROWS_PER_GROUP: usize = 16_384;

/// What is known of a corpus besides its sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusDescription {
    /// Which reader read it.
    pub source: String,
    /// Source and target language, for example `en` and `de`.
    pub languages: [String; 2],
    /// Entries of the joined dictionary.
    pub vocabulary: usize,
    /// Tokens of the longest source or target of any split, its end included.
    pub longest: usize,
}

impl CorpusDescription {
    /// Returns the task that the corpus sets.
    pub const fn task(&self, conventions: Conventions) -> TranslationTask {
        TranslationTask { vocabulary: self.vocabulary, longest: self.longest, conventions }
    }
}

/// Sentences as they were before they became tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawText {
    /// Sources.
    pub sources: Vec<String>,
    /// Their published translations.
    pub references: Vec<String>,
}

/// A prepared corpus on its way into the store.
pub struct CorpusWriter {
    /// Description.
    pub description: CorpusDescription,
    /// How text becomes tokens and comes back.
    pub text: CorpusText,
    /// Encoded train pairs.
    pub train: PairSpool,
    /// Encoded valid pairs with their text.
    pub valid: (PairSpool, RawText),
    /// Encoded test pairs with their text.
    pub test: (PairSpool, RawText),
}

impl Artifact for CorpusWriter {
    const FORMAT: &'static str = "corpus";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Pairs of sentences as tokens in train, valid and test splits, with their dictionary";
}

impl Publish for CorpusWriter {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("description", &super::json_table::<Self, _>("description", &self.description)?)?;
        self.text.write(folder)?;
        write_split(folder, Role::Train, self.train, None)?;
        write_split(folder, Role::Valid, self.valid.0, Some(self.valid.1))?;
        write_split(folder, Role::Test, self.test.0, Some(self.test.1))
    }
}

fn write_split(
    folder: &mut FolderWriter,
    role: Role,
    spool: PairSpool,
    text: Option<RawText>,
) -> Result<(), ArtifactError> {
    let lost = |error| ArtifactError::caused::<CorpusWriter>("the spooled pairs cannot be read", error);
    let mut writer = folder.table_writer(&role.to_string(), ROWS_PER_GROUP)?;
    let (pairs, mut reader, mut written) = (spool.pairs, spool.into_reader().map_err(lost)?, 0);
    // A split without pairs is a table without rows, not without columns.
    while written == 0 || written < pairs {
        let PairColumns { sources, targets } = reader.take(ROWS_PER_GROUP).map_err(lost)?;
        let rows = written..written + sources.len();
        let lengths = |column: &[Vec<u32>]| column.iter().map(|tokens| tokens.len() as u32 + 1).collect::<Vec<u32>>();
        let mut table = Table::new()
            .with("source_tokens", lengths(&sources))
            .with("target_tokens", lengths(&targets))
            .with("source", sources)
            .with("target", targets);
        if let Some(text) = &text {
            table = table.with("source_text", text.sources[rows.clone()].to_vec());
            table = table.with("reference_text", text.references[rows.clone()].to_vec());
        }
        writer.append(table)?;
        written = rows.end;
        if rows.is_empty() {
            break;
        }
    }
    writer.finish().map(|_| ())
}

/// What a stage that selects may open: the train and valid splits.
pub type SelectionCorpus = CorpusView<Selecting>;

/// What a stage that only measures may open: the train and test splits.
pub type TestingCorpus = CorpusView<Testing>;

/// A view of a prepared corpus; its type decides which splits it can open.
pub struct CorpusView<Purpose> {
    /// Description.
    pub description: CorpusDescription,
    /// How text becomes tokens and comes back.
    pub text: CorpusText,
    folder: Folder,
    purpose: PhantomData<fn() -> Purpose>,
}

impl<Purpose: 'static> Artifact for CorpusView<Purpose> {
    const FORMAT: &'static str = CorpusWriter::FORMAT;
    const VERSION: u32 = CorpusWriter::VERSION;
    const SUMMARY: &'static str = CorpusWriter::SUMMARY;
}

impl<Purpose: 'static> Open for CorpusView<Purpose> {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let description = super::json_value::<Self, _>(&folder.table("description")?, "description")?;
        let text = CorpusText::read(folder)?;
        Ok(Self { description, text, folder: folder.clone(), purpose: PhantomData })
    }
}

impl<Purpose: 'static> CorpusView<Purpose> {
    /// Returns the pairs that weights may be fitted to.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn train(&self) -> Result<EncodedPairs, ArtifactError> {
        self.pairs(Role::Train)
    }

    fn pairs(&self, role: Role) -> Result<EncodedPairs, ArtifactError> {
        let reader = self.folder.reader(&role.to_string())?;
        let mut pairs = EncodedPairs::default();
        for table in slices(&reader) {
            let table = table?;
            let sources: Vec<Vec<u32>> = table.get("source")?;
            let targets: Vec<Vec<u32>> = table.get("target")?;
            for (source, target) in sources.iter().zip(&targets) {
                self.check_tokens(source)?;
                self.check_tokens(target)?;
                pairs.push(source, target);
            }
        }
        Ok(pairs)
    }

    fn check_tokens(&self, tokens: &[u32]) -> Result<(), ArtifactError> {
        let vocabulary = self.description.vocabulary;
        match tokens.iter().find(|&&token| token as usize >= vocabulary) {
            None => Ok(()),
            Some(token) => {
                let message = format!("token {token} is outside of the dictionary of {vocabulary}");
                Err(ArtifactError::content::<Self>(message))
            }
        }
    }

    fn raw_text(&self, role: Role) -> Result<RawText, ArtifactError> {
        let reader = self.folder.reader(&role.to_string())?;
        let mut text = RawText::default();
        for table in slices(&reader) {
            let table = table?;
            text.sources.extend(table.get::<String>("source_text")?);
            text.references.extend(table.get::<String>("reference_text")?);
        }
        Ok(text)
    }
}

fn slices(reader: &TableReader) -> impl Iterator<Item = Result<Table, ArtifactError>> {
    let starts = (0..reader.rows()).step_by(ROWS_PER_GROUP);
    starts.map(|first| Ok(reader.slice(first, ROWS_PER_GROUP.min(reader.rows() - first), None)?))
}

impl SelectionCorpus {
    /// Returns the pairs that choices may be made by.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn valid(&self) -> Result<EncodedPairs, ArtifactError> {
        self.pairs(Role::Valid)
    }

    /// Returns the text of the pairs that choices may be made by.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn valid_text(&self) -> Result<RawText, ArtifactError> {
        self.raw_text(Role::Valid)
    }
}

impl TestingCorpus {
    /// Returns the pairs that results are reported on.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn test(&self) -> Result<EncodedPairs, ArtifactError> {
        self.pairs(Role::Test)
    }

    /// Returns the text of the pairs that results are reported on.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn test_text(&self) -> Result<RawText, ArtifactError> {
        self.raw_text(Role::Test)
    }
}
