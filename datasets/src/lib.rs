//! Raw data in: readers of the published sets of pictures and of parallel text, and batches.
//!
//! - [`ImageSource`]: a data set as it was shipped; [`open`] makes one from a [`SourceKind`] and a path.
//! - [`Outline`]: picture size and classes, told without reading pictures.
//! - [`Example`]: the bytes of one image, planar (channel, row, column), with its label.
//! - [`Pictures`]: examples held in memory, all of one [`ImageShape`].
//! - [`Batch`]: normalized and possibly augmented pixels, ready to become a tensor.
//! - [`Corpus`]: parallel text as it was shipped; [`learn_text`] learns merges and dictionary of it, [`encode_text`]
//!   streams its pairs as token ids, and [`batches`] makes batches of a [`TokenBudget`].
//! - [`split`]: carves a validation split out of the training part.
//!
//! ```
//! use datasets::{Normalization, Part, Pictures, SourceKind, SourceOptions, open, split};
//!
//! # fn main() -> Result<(), datasets::SourceError> {
//! let options = SourceOptions { limit_train: Some(100), ..SourceOptions::default() };
//! let source = open(SourceKind::FashionMnist, None, &options)?;
//! let mut pictures = Pictures::new(source.shape(), source.classes().len());
//! for example in source.examples(Part::Train)? {
//!     pictures.push(&example?)?;
//! }
//! let (train, valid) = split::carve_valid(pictures.labels(), pictures.classes, 0.2, 1)?;
//! let normalization = Normalization::measure(&pictures.select(&train));
//! assert_eq!(pictures.batch(&valid, &normalization).len(), 20);
//! # Ok(())
//! # }
//! ```
//!
//! What this crate does not do: it knows no tensors and no stages, downloads nothing, and prints nothing.
//! Sizes read from files are checked before anything is allocated, so hostile bytes give a [`SourceError`],
//! never a panic.

mod cifar;
mod cifar10;
mod cifar100;
mod class_quota;
mod container;
mod error;
mod example;
mod fashion_mnist;
mod idx;
mod idx_set;
mod image_folder;
mod images;
mod listing;
mod options;
mod outline;
mod picture_file;
mod shape;
mod source;
pub mod split;
mod stream;
mod synthetic;
mod tar_stream;
mod text;

pub use error::SourceError;
pub use example::{Example, Part};
pub use images::augment::{Augmentation, Flip};
pub use images::batches::{Batch, epoch_order};
pub use images::decode::ImageProblem;
pub use images::normalize::Normalization;
pub use images::pictures::Pictures;
pub use images::resize::Fit;
pub use options::{BrokenFiles, Cifar100Labels, SourceOptions, SyntheticSize};
pub use outline::{Outline, outline};
pub use picture_file::read_picture;
pub use shape::ImageShape;
pub use source::{ImageSource, SourceKind, open};
pub use text::cleaning::{Cleaning, CleaningCounts, DropRule, IdenticalPairs, LengthUnit, PartCounts};
pub use text::corpus::{Corpus, CorpusKind, CorpusOptions, LanguagePair, TextPart, Writing, open_corpus};
pub use text::encoded_pairs::EncodedPairs;
pub use text::preparation::{Dictionaries, Preparation};
pub use text::prepare::{EncodedPair, PreparedText, SentencePair, encode_text, learn_text};
pub use text::text_error::{LineProblem, TextError};
pub use text::token_batch::TokenBatch;
pub use text::token_budget::{TokenBudget, batches as token_batches};
