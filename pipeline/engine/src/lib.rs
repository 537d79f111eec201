//! engine
pub mod artifact;
pub mod checkpoint;
pub mod context;
pub mod digest;
pub mod event;
pub mod folder;
pub mod ports;
pub mod source;
pub mod stage;
pub mod table;
pub mod stale { #[derive(Debug,Clone)] pub struct StaleReason; }
pub mod run { #[derive(Debug,Clone)] pub struct State; #[derive(Debug,Clone)] pub struct StepReport; }
pub mod store { #[derive(Debug,Clone)] pub struct Problem; }
pub use artifact::*; pub use ports::*; pub use folder::*; pub use digest::*;
