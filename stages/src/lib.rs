//! What a manifest can name: one file per stage (verbs), one per artifact (nouns).
//!
//! [`registry`] lists the stages in the order in which a pipeline flows. A new stage is one file and two lines here:
//! its `mod` and its place in the list.
//!
//! What this crate deliberately does not do: parse commands, print, or do mathematics. A stage reads its inputs, calls
//! the crate that knows, and reports.

pub mod artifacts;
pub mod bench;
mod check_ranking;
mod classify;
mod cost;
mod cost_model;
pub mod costing;
mod counting;
mod export_onnx;
mod feasibility;
mod fit_latency;
pub mod latency;
mod latency_features;
mod measure_latency;
mod onnx_network;
pub mod paper;
mod prepare_dataset;
mod quantize_subnet;
mod random_network;
mod retrain_subnet;
mod score_candidates;
mod search_architecture;
mod small_file;
mod supernet_evaluator;
mod train_standalone;
mod train_supernet;
mod training_run;
mod verify_onnx;

pub use classify::read_picture;
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
}
