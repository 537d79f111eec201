use engine::{Artifact, ArtifactError, Folder, FolderWriter, Open, Publish};

/// Name of the file in the folder.
const FILE: &str = "model.onnx";

/// An ONNX file.
pub struct OnnxModel {
    /// The file's bytes.
    pub bytes: Vec<u8>,
}

impl Artifact for OnnxModel {
    const FORMAT: &'static str = "onnx-model";
    const VERSION: u32 = 1;
    const SUMMARY: &'static str = "One ONNX file, `model.onnx`, standard operators of opset 17";
}

impl Publish for OnnxModel {
    fn publish(self, folder: &mut FolderWriter) -> Result<(), ArtifactError> {
        folder.write_bytes(FILE, &self.bytes)
    }
}

impl Open for OnnxModel {
    fn open(folder: &Folder) -> Result<Self, ArtifactError> {
        Ok(Self { bytes: folder.bytes(FILE)? })
    }
}
