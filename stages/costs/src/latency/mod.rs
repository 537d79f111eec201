//! How long a network takes on a device, told from networks that were measured there.
//!
//! The nouns:
//!
//! - [`LatencyTable`]: measured rows, read from CSV by [`read_rows`].
//! - [`Encoding`]: a row as the numbers a predictor sees; [`Samples`] are rows so encoded.
//! - [`Law`]: a fitted formula, [`Linear`] (least squares) or [`Perceptron`] (the paper's network, trained elsewhere).
//! - [`Fold`] and [`Validation`]: the errors of a law on rows that it was not fitted to.
//! - [`LatencyPredictor`]: the law that is kept, which says for every query what lies outside of what was measured.

mod block_type;
mod columns;
mod encoding;
mod error;
mod errors;
mod law;
mod linear;
mod perceptron;
mod predictor;
mod reader;
mod standardization;
mod table;
mod translation;
mod validation;

pub use block_type::BlockType;
pub use columns::{BLOCK_COLUMNS, HAT_FEATURES, LATENCY_COLUMN, LATENCY_COLUMNS, LONGEST_STACK};
pub use encoding::{Encoding, Feature, StackCodes};
pub use error::LatencyError;
pub use errors::Errors;
pub use law::{Law, Predictor};
pub use linear::{Linear, Term, Weighting};
pub use perceptron::{Dense, Perceptron};
pub use predictor::{Estimate, LatencyPredictor, Range};
pub use reader::read_rows;
pub use standardization::Standardization;
pub use table::{LatencyParts, LatencyQuery, LatencyRow, LatencyTable, Samples, Stacks};
pub use validation::{Fold, Validation, folds, validate};
