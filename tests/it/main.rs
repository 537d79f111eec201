//! Tests across crates, one binary: what no crate can promise alone.
//!
//! The tools: [`workspace`] finds folders, [`workbench`] runs manifests inside this process, [`program`] runs the
//! command in processes of its own, [`trained`] makes small networks, [`python`] asks other readers of our files.
//!
//! A test that needs what a machine may lack (Python packages, data that may not be committed) says on standard
//! error that it was skipped.

mod arrows;
mod costs;
mod latency;
mod limits;
mod line;
mod manifests;
mod onnxruntime;
mod parity;
mod program;
mod python;
mod pytorch;
mod readers;
mod reference_data;
mod resume;
mod sizes;
mod store;
mod trained;
mod translation_latency;
mod translation_line;
mod workbench;
mod workspace;
