//! A raw file or folder outside the store that a stage reads.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a source path is re-serialized to: the path must not reach a fingerprint.
pub(crate) const PLACEHOLDER: &str = "<source>";

/// The path of a raw file or folder, relative to the manifest's folder.
///
/// The content behind it decides freshness, the path does not: it serializes to a fixed placeholder.
#[derive(Debug, Clone, Default)]
pub struct SourcePath {
    written: PathBuf,
    resolved: OnceLock<PathBuf>,
}

impl SourcePath {
    /// Returns a source path as a manifest would give it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { written: path.into(), resolved: OnceLock::new() }
    }

    /// Returns where the file or folder is.
    pub fn path(&self) -> &Path {
        self.resolved.get().unwrap_or(&self.written)
    }

    /// Returns the path as the manifest gives it.
    pub fn written(&self) -> &Path {
        &self.written
    }

    /// Makes [`SourcePath::path`] relative to `base` from now on; the first call counts.
    pub(crate) fn resolve(&self, base: &Path) {
        self.resolved.get_or_init(|| base.join(&self.written));
    }
}

impl PartialEq for SourcePath {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for SourcePath {}

impl<'de> Deserialize<'de> for SourcePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(deserializer).map(Self::new)
    }
}

impl Serialize for SourcePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(PLACEHOLDER)
    }
}

impl JsonSchema for SourcePath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SourcePath".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "path" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_resolved_but_never_serialized() {
        let source: SourcePath = serde_json::from_str("\"raw/letters.txt\"").unwrap();
        source.resolve(Path::new("/project"));
        assert_eq!(source.path(), Path::new("/project/raw/letters.txt"));
        assert_eq!(serde_json::to_string(&source).unwrap(), "\"<source>\"");
    }
}
