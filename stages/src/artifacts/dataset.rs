use std::marker::PhantomData;

use datasets::split::Role;
use datasets::{Example, ImageShape, Normalization, Pictures};
use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish, Table, TableReader};
use serde::{Deserialize, Serialize};

/// Rows per parquet row group, and per read.
const ROWS_PER_GROUP: usize = 1024;

/// What is known of a data set besides its pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetDescription {
    /// Which reader read it.
    pub source: String,
    /// Size of one picture.
    pub shape: ImageShape,
    /// Names of the classes, in label order.
    pub classes: Vec<String>,
    /// Pixel mean and deviation of the train split.
    pub normalization: Normalization,
}

/// A prepared data set on its way into the store.
pub struct DatasetWriter {
    /// Description.
    pub description: DatasetDescription,
    /// The three splits; every picture carries its label.
    pub splits: [(Role, Pictures); 3],
}

impl Artifact for DatasetWriter {
    const FORMAT: &'static str = "dataset";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Pictures with labels in train, valid and test splits";
}

impl Publish for DatasetWriter {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_table("description", &super::json_table::<Self, _>("description", &self.description)?)?;
        for (role, pictures) in self.splits {
            let mut writer = folder.table_writer(&role.to_string(), ROWS_PER_GROUP)?;
            for first in (0..pictures.len()).step_by(ROWS_PER_GROUP) {
                let rows = first..pictures.len().min(first + ROWS_PER_GROUP);
                let table = Table::new()
                    .with("label", rows.clone().map(|row| pictures.label(row)).collect())
                    .with("pixels", rows.map(|row| pictures.pixels(row).to_vec()).collect());
                writer.append(table)?;
            }
            writer.finish()?;
        }
        Ok(())
    }
}

/// What a stage that selects may open: the train and valid splits.
pub type SelectionData = DatasetView<Selecting>;

/// What a stage that only measures may open: the train and test splits.
pub type TestingData = DatasetView<Testing>;

/// Marks a view without the test split.
pub enum Selecting {}

/// Marks a view with the test split.
pub enum Testing {}

/// A view of a prepared data set; its type decides which splits it can open.
pub struct DatasetView<Purpose> {
    /// Description.
    pub description: DatasetDescription,
    folder: Folder,
    purpose: PhantomData<fn() -> Purpose>,
}

impl<Purpose: 'static> Artifact for DatasetView<Purpose> {
    const FORMAT: &'static str = DatasetWriter::FORMAT;
    const VERSION: u32 = DatasetWriter::VERSION;
    const SUMMARY: &'static str = DatasetWriter::SUMMARY;
}

impl<Purpose: 'static> Open for DatasetView<Purpose> {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let description = super::json_value::<Self, _>(&folder.table("description")?, "description")?;
        Ok(Self { description, folder: folder.clone(), purpose: PhantomData })
    }
}

impl<Purpose: 'static> DatasetView<Purpose> {
    /// Returns the pictures that weights may be fitted to.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn train(&self) -> Result<Pictures, ArtifactError> {
        self.split(Role::Train)
    }

    fn split(&self, role: Role) -> Result<Pictures, ArtifactError> {
        let reader = self.folder.reader(&role.to_string())?;
        let mut pictures = Pictures::new(self.description.shape, self.description.classes.len());
        for first in (0..reader.rows()).step_by(ROWS_PER_GROUP) {
            append::<Self>(&reader, first, &mut pictures)?;
        }
        Ok(pictures)
    }
}

impl SelectionData {
    /// Returns the pictures that choices may be made by.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn valid(&self) -> Result<Pictures, ArtifactError> {
        self.split(Role::Valid)
    }
}

impl TestingData {
    /// Returns the pictures that results are reported on.
    ///
    /// # Errors
    /// If the split cannot be read.
    pub fn test(&self) -> Result<Pictures, ArtifactError> {
        self.split(Role::Test)
    }
}

fn append<A: Artifact>(reader: &TableReader, first: usize, pictures: &mut Pictures) -> Result<(), ArtifactError> {
    let length = ROWS_PER_GROUP.min(reader.rows() - first);
    let table = reader.slice(first, length, None)?;
    let labels: Vec<u32> = table.get("label")?;
    let pixels: Vec<Vec<u8>> = table.get("pixels")?;
    for (label, pixels) in labels.into_iter().zip(pixels) {
        let pushed = pictures.push(&Example { pixels, label });
        pushed.map_err(|error| ArtifactError::caused::<A>("a picture does not fit the description", error))?;
    }
    Ok(())
}
