//! What decides that a step is fresh: its recipe, and the hash of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::artifact::Format;
use crate::digest::Digest;

/// Raised when the engine itself would make other results of the same recipe.
const RECIPE_VERSION: u32 = 1;

/// The hash of a recipe (the key of a step).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// Returns the fingerprint with this text.
    ///
    /// # Errors
    /// When the text is not a digest.
    pub fn parse(text: &str) -> Result<Self, crate::digest::DigestError> {
        text.parse().map(Self)
    }

    /// Returns the first twelve hexadecimal digits, enough for a person.
    pub fn short(&self) -> String {
        self.0.short()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Everything a step's outputs depend on. No path, time, device, thread count or host is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The stage's kind.
    pub kind: String,
    /// The stage's version.
    pub version: u32,
    /// The params with defaults filled in.
    pub params: Value,
    /// What is bound to each input port.
    pub inputs: BTreeMap<String, Vec<RecipeInput>>,
    /// The format of each output port.
    pub outputs: BTreeMap<String, Format>,
    /// The raw files and folders.
    pub sources: Vec<RecipeSource>,
    /// The seed derived from the manifest's seed and the step's id.
    pub seed: u64,
}

/// One artifact bound to an input port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeInput {
    /// Its format.
    pub format: Format,
    /// The digest of its content.
    pub digest: Digest,
    /// Where it comes from, on ports that tell the stage.
    pub source: Option<String>,
}

/// One raw file or folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeSource {
    /// The path as the manifest writes it: for messages, not part of the fingerprint.
    pub written: String,
    /// The digest of its content.
    pub digest: Digest,
}

impl Recipe {
    /// Returns the hash of the recipe's canonical form.
    pub fn fingerprint(&self) -> Fingerprint {
        let sources: Vec<&Digest> = self.sources.iter().map(|source| &source.digest).collect();
        let document = json!({
            "recipe": RECIPE_VERSION,
            "kind": self.kind,
            "version": self.version,
            "params": self.params,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "sources": sources,
            "seed": self.seed,
        });
        Fingerprint(Digest::of(canonical(&document).to_string().as_bytes()))
    }
}

/// Returns the seed of a step.
pub(crate) fn step_seed(manifest_seed: u64, step: &str) -> u64 {
    Digest::of(format!("seed\n{manifest_seed}\n{step}").as_bytes()).leading_u64()
}

/// Sorts keys and gives zero one spelling, so that equal values have equal text.
pub(crate) fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(pairs) => {
            let sorted: BTreeMap<&String, &Value> = pairs.iter().collect();
            let pairs = sorted.into_iter();
            let pairs: Map<String, Value> = pairs.map(|(key, value)| (key.clone(), canonical(value))).collect();
            Value::Object(pairs)
        }
        Value::Number(number) if number.is_f64() && number.as_f64() == Some(0.0) => json!(0.0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            kind: "count".to_owned(),
            version: 1,
            params: json!({"b": 0.1, "a": [1, 2]}),
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            sources: vec![RecipeSource { written: "raw/a.txt".to_owned(), digest: Digest::of(b"a") }],
            seed: 7,
        }
    }

    #[test]
    fn the_order_of_keys_and_the_sign_of_zero_do_not_matter() {
        let text = |value| canonical(&value).to_string();
        assert_eq!(text(json!({"b": -0.0, "a": {"d": 1, "c": 2}})), r#"{"a":{"c":2,"d":1},"b":0.0}"#);
    }

    #[test]
    fn a_moved_source_keeps_the_fingerprint_and_changed_content_does_not() {
        let mut moved = recipe();
        moved.sources[0].written = "other/a.txt".to_owned();
        assert_eq!(moved.fingerprint(), recipe().fingerprint());
        moved.sources[0].digest = Digest::of(b"b");
        assert_ne!(moved.fingerprint(), recipe().fingerprint());
    }

    #[test]
    fn the_fingerprint_of_a_recipe_never_changes() {
        insta::assert_snapshot!(recipe().fingerprint().short(), @"eca26a133fca");
    }

    #[test]
    fn seeds_differ_by_step_and_by_manifest_seed() {
        assert_ne!(step_seed(1, "a"), step_seed(1, "b"));
        assert_ne!(step_seed(1, "a"), step_seed(2, "a"));
    }
}
