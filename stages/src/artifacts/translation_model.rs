use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};
use exports::{TranslationError, Translator};

/// A translation network ready to run: what `translate` wants, file by file.
pub struct TranslationModel {
    /// Name and bytes of every file.
    pub files: Vec<(String, Vec<u8>)>,
}

impl TranslationModel {
    /// Returns the network, loaded.
    ///
    /// # Errors
    /// If a file is missing or is none of ours.
    pub fn translator(&self) -> Result<Translator, TranslationError> {
        Translator::from_files(&self.files)
    }
}

impl Artifact for TranslationModel {
    const FORMAT: &'static str = "translation-model";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "Encoder and decoder step as ONNX files, with the codes and dictionary of their text";
}

impl Publish for TranslationModel {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        self.files.iter().try_for_each(|(name, bytes)| folder.write_bytes(name, bytes))
    }
}

impl Open for TranslationModel {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        let file = |name: &String| Ok((name.clone(), folder.bytes(name)?));
        let names: Vec<String> = folder.listing().files.iter().map(|file| file.name.clone()).collect();
        Ok(Self { files: names.iter().map(file).collect::<Result<_, ArtifactError>>()? })
    }
}
