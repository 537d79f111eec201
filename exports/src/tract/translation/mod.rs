//! Translation models at run time: sentences in, sentences out.

mod attention;
mod batching;
mod decoding;
mod distances;
mod error;
mod part;
mod runner;
mod translator;

pub use batching::Batching;
pub use decoding::Decoding;
pub use error::TranslationError;
pub use runner::TranslationRunner;
pub use translator::Translator;
