//! How a data set is to be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fit;

/// What a reader does with an image file that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrokenFiles {
    /// Stop with an error that names the file.
    #[default]
    Error,
    /// Leave the file out and count it in [`crate::ImageSource::warnings`].
    Skip,
}

/// Which of the two label bytes of CIFAR-100 is the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cifar100Labels {
    /// The 100 classes.
    #[default]
    Fine,
    /// The 20 superclasses.
    Coarse,
}

/// How much of the synthetic set is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SyntheticSize {
    /// Classes, from 1 to 1000. Default 4.
    pub classes: usize,
    /// Colour planes, from 1 to 16. Default 3.
    pub channels: usize,
    /// Training examples. Default 256.
    pub train: usize,
    /// Test examples. Default 64.
    pub test: usize,
    /// Standard deviation of the noise, in byte values from 0 to 255. Default 32.
    pub noise: f32,
}

impl Default for SyntheticSize {
    fn default() -> Self {
        Self { classes: 4, channels: 3, train: 256, test: 64, noise: 32.0 }
    }
}

/// Options of every reader; one that a kind has no use for is ignored unless its field says otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SourceOptions {
    /// Height and width of the images that `image-folder` (default 224) and `synthetic` (default 16) give.
    /// The other kinds have a fixed size and refuse a different one.
    pub size: Option<usize>,
    /// How `image-folder` makes an image of any proportions square.
    pub fit: Fit,
    /// What `image-folder` does with a file that cannot be decoded.
    pub broken: BrokenFiles,
    /// Which labels `cifar100` gives.
    pub labels: Cifar100Labels,
    /// At most this many training examples: of each class the first `limit / classes` in file order, and one
    /// more of the first `limit % classes` classes. A class that has fewer is not topped up from another.
    pub limit_train: Option<usize>,
    /// The same for the test part.
    pub limit_test: Option<usize>,
    /// Seed of `synthetic`.
    pub seed: u64,
    /// Size of `synthetic`.
    pub synthetic: SyntheticSize,
}

impl SourceOptions {
    /// Returns the limit that applies to `part`.
    pub(crate) fn limit(&self, part: crate::Part) -> Option<usize> {
        match part {
            crate::Part::Train => self.limit_train,
            crate::Part::Test => self.limit_test,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_has_its_default_and_what_is_not_known_is_refused() {
        let options: SourceOptions =
            serde_json::from_str(r#"{"broken": "skip", "synthetic": {"classes": 2}}"#).unwrap();
        let synthetic = SyntheticSize { classes: 2, ..SyntheticSize::default() };
        assert_eq!(options, SourceOptions { broken: BrokenFiles::Skip, synthetic, ..SourceOptions::default() });
        assert!(serde_json::from_str::<SourceOptions>(r#"{"brokne": "skip"}"#).is_err());
    }
}
