//! The command as a shell sees it: exit codes, standard output, standard error.
//!
//! Manifests here are made of the `command` stage, which every registry has, and of a small synthetic data set.
#![cfg(unix)]

mod benches;
mod costs;
mod documents;
mod inference;
mod latency;
mod manifests;
mod paper;
mod runs;
mod sandbox;
mod signals;
mod stored;
mod translation;
