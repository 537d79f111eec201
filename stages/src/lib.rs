//! What a manifest can name: one file per stage (verbs), one per artifact (nouns).
//!
//! [`registry`] lists the stages in the order in which a pipeline flows. A new stage is one file and two lines here:
//! its `mod` and its place in the list.
//!
//! What this crate deliberately does not do: parse commands, print, or do mathematics. A stage reads its inputs, calls
//! the crate that knows, and reports.

pub mod artifacts;
pub mod bench;
mod causes;
mod check_ranking;
mod classify;
mod cost;
mod cost_model;
pub mod costing;
mod counting;
mod expected_pairs;
mod export_onnx;
mod export_translation;
mod feasibility;
mod fit_latency;
pub mod latency;
mod latency_features;
mod measure_latency;
mod onnx_network;
pub mod paper;
mod prepare_corpus;
mod prepare_dataset;
mod quantize_subnet;
mod quantize_translation;
mod random_network;
mod retrain_subnet;
mod retrain_translation;
mod score_candidates;
mod score_translation_candidates;
mod search_architecture;
mod search_translation;
mod searching;
mod small_file;
mod supernet_evaluator;
mod train_standalone;
mod train_supernet;
mod train_translation_standalone;
mod train_translation_supernet;
mod training_run;
mod translating;
mod translation_architecture;
mod translation_cost;
mod translation_evaluator;
mod translation_run;
mod verify_onnx;
mod verify_translation;

pub use classify::read_picture;
pub use datasets::{CorpusKind, CorpusOptions, LanguagePair};
pub use networks::device;
pub use onnx_network::{OnnxNetworkError, onnx_network};

use engine::Registry;

/// Returns all stages in flow order.
pub fn registry() -> Registry {
    Registry::new()
        .with(prepare_dataset::PrepareDataset)
        .with(train_supernet::TrainSupernet)
        .with(score_candidates::ScoreCandidates)
        .with(train_standalone::TrainStandalone)
        .with(check_ranking::CheckRanking)
        .with(measure_latency::MeasureLatency)
        .with(fit_latency::FitLatency)
        .with(search_architecture::SearchArchitecture)
        .with(retrain_subnet::RetrainSubnet)
        .with(quantize_subnet::QuantizeSubnet)
        .with(export_onnx::ExportOnnx)
        .with(verify_onnx::VerifyOnnx)
        .with(prepare_corpus::PrepareCorpus)
        .with(train_translation_supernet::TrainTranslationSupernet)
        .with(score_translation_candidates::ScoreTranslationCandidates)
        .with(train_translation_standalone::TrainTranslationStandalone)
        .with(search_translation::SearchTranslation)
        .with(retrain_translation::RetrainTranslation)
        .with(quantize_translation::QuantizeTranslation)
        .with(export_translation::ExportTranslation)
        .with(verify_translation::VerifyTranslation)
}
