//! The nouns of a pipeline: what lies between stages.

mod architecture;
mod corpus;
mod dataset;
mod eight_bit_subnet;
mod input_ranges;
mod latency_predictor;
mod latency_rows;
mod onnx_model;
mod ranking;
mod reference_batch;
mod reference_translations;
mod score_table;
mod search_history;
mod subnet;
mod supernet;
mod training_log;
mod training_snapshot;
mod translation_architecture;
mod translation_log;
mod translation_model;
mod translation_state;
mod translation_subnet;
mod translation_supernet;
mod translations;
mod verification;
mod weight_statistics;
mod weights_table;

pub use architecture::ArchitectureArtifact;
pub use corpus::{CorpusDescription, CorpusText, CorpusWriter, PairSpool, RawText, SelectionCorpus, TestingCorpus};
pub use dataset::{DatasetDescription, DatasetWriter, SelectionData, TestingData};
pub use eight_bit_subnet::EightBitSubnet;
pub use latency_predictor::LatencyPredictorArtifact;
pub use latency_rows::{LatencyMeasurement, LatencyRows};
pub use onnx_model::OnnxModel;
pub use ranking::{Ranking, RankingRow};
pub use reference_batch::ReferenceBatch;
pub use reference_translations::ReferenceTranslations;
pub use score_table::{Score, ScoreTable, ScoredSpace};
pub use search_history::{SearchHistory, SearchRow};
pub use subnet::Subnet;
pub use supernet::{Supernet, SupernetSettings};
pub use training_log::TrainingLog;
pub(crate) use training_snapshot::TrainingSnapshot;
pub use translation_architecture::TranslationArchitecture;
pub use translation_log::{TranslationLog, TranslationLogRow};
pub use translation_model::TranslationModel;
pub(crate) use translation_state::{KeptNetwork, TranslationState};
pub use translation_subnet::{EightBitTranslationSubnet, TranslationNetworkDescription, TranslationSubnet};
pub use translation_supernet::{TranslationSupernet, TranslationSupernetSettings};
pub use translations::Translations;
pub use verification::Verification;
pub use weight_statistics::WeightStatistics;

use engine::{Artifact, ArtifactError, Table};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Returns a one-row table that holds a structured value as JSON text.
fn json_table<A: Artifact, T: Serialize>(column: &str, value: &T) -> Result<Table, ArtifactError> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|error| ArtifactError::caused::<A>(format!("`{column}` has no JSON form"), error))?;
    Ok(Table::new().with(column, vec![text]))
}

/// Reads the value that [`json_table`] wrote.
fn json_value<A: Artifact, T: DeserializeOwned>(table: &Table, column: &str) -> Result<T, ArtifactError> {
    let texts: Vec<String> = table.get(column)?;
    let [text] = texts.as_slice() else {
        let message = format!("`{column}` wants one row, found {}", texts.len());
        return Err(ArtifactError::content::<A>(message));
    };
    serde_json::from_str(text)
        .map_err(|error| ArtifactError::caused::<A>(format!("`{column}` does not read as JSON"), error))
}
