//! Translation models at run time: sentences in, sentences out.

mod attention;
mod batching;
mod decoding;
mod error;
mod part;
mod runner;

pub use batching::Batching;
pub use decoding::Decoding;
pub use error::TranslationError;
pub use runner::TranslationRunner;
