//! What costs are computed with: counting rules, and an accelerator at a bit width.

use std::io;
use std::path::{Path, PathBuf};

use costs::{Accelerator, AcceleratorError, BitWidth, Extremes, Hardware, HardwareError, Network, extremes};
use engine::SourcePath;
use schemars::JsonSchema;
use search::Budget;
use serde::{Deserialize, Serialize};
use spaces::{Genome, Graph, Space, Task, Trellis};

use crate::cost::Cost;
use crate::small_file::read_text;

/// The accelerator that energy and latency are computed for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HardwareChoice {
    /// A description that comes with this program, by name.
    Preset(String),
    /// A description of one's own, relative to the manifest; begin with that of a preset.
    File(SourcePath),
}

/// The preset without omissions: those of the paper's release have some, and are for comparison with its tables.
impl Default for HardwareChoice {
    fn default() -> Self {
        Self::Preset("corrected".to_owned())
    }
}

/// Why a choice of hardware describes none.
#[derive(Debug, thiserror::Error)]
pub enum HardwareChoiceError {
    /// There is no such preset.
    #[error(transparent)]
    Preset(HardwareError),
    /// The description in a file is wrong.
    #[error("hardware file {}: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: HardwareError,
    },
    /// The file does not read.
    #[error("hardware file {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

impl HardwareChoice {
    /// Returns the file of a description of one's own.
    pub const fn source(&self) -> Option<&SourcePath> {
        match self {
            Self::Preset(_) => None,
            Self::File(path) => Some(path),
        }
    }

    /// Returns the hardware; one from a file has the file's name.
    ///
    /// # Errors
    /// There is no such preset, or the file does not read or describes no hardware.
    pub fn read(&self) -> Result<Hardware, HardwareChoiceError> {
        match self {
            Self::Preset(name) => Hardware::preset(name).map_err(HardwareChoiceError::Preset),
            Self::File(source) => read(source.path()),
        }
    }
}

fn read(path: &Path) -> Result<Hardware, HardwareChoiceError> {
    let unreadable = |reason| HardwareChoiceError::Unreadable { path: path.to_owned(), reason };
    let text = read_text(path).map_err(unreadable)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Hardware::parse(&name, &text).map_err(|reason| HardwareChoiceError::Description { path: path.to_owned(), reason })
}

/// Bits of weights and activations that sizes, energies and latencies are computed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
pub enum Bits {
    /// 8-bit integers.
    #[default]
    Eight,
    /// 32-bit floats.
    ThirtyTwo,
}

impl From<Bits> for BitWidth {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::Eight => Self::Eight,
            Bits::ThirtyTwo => Self::ThirtyTwo,
        }
    }
}

impl From<Bits> for u32 {
    fn from(bits: Bits) -> Self {
        BitWidth::from(bits).bits()
    }
}

/// A number of bits that there are no constants for.
#[derive(Debug, thiserror::Error)]
#[error("wanted 8 or 32 bits, found {found}")]
pub struct UnknownBits {
    /// What was asked for.
    found: u32,
}

impl TryFrom<u32> for Bits {
    type Error = UnknownBits;

    fn try_from(bits: u32) -> Result<Self, UnknownBits> {
        match bits {
            8 => Ok(Self::Eight),
            32 => Ok(Self::ThirtyTwo),
            found => Err(UnknownBits { found }),
        }
    }
}

/// Computes the costs of networks and of their pieces.
pub struct CostModel {
    accelerator: Accelerator,
}

impl CostModel {
    /// Returns the model of an accelerator.
    pub fn new(hardware: Hardware, bits: Bits) -> Self {
        Self { accelerator: Accelerator::new(hardware, bits.into()) }
    }

    /// Returns the accelerator.
    pub const fn accelerator(&self) -> &Accelerator {
        &self.accelerator
    }

    /// Returns a cost of a network, in the unit of its name; counts are whole numbers.
    ///
    /// # Errors
    /// The accelerator cannot run a layer.
    pub fn cost(&self, cost: Cost, graph: &Graph) -> Result<f64, AcceleratorError> {
        let on_accelerator = || self.accelerator.network_cost(&Network::of_graph("candidate", graph));
        Ok(match cost {
            Cost::Macs => costs::counts(graph).macs.total() as f64,
            Cost::MultiplyMacs => costs::counts(graph).macs.multiply as f64,
            Cost::Params => costs::counts(graph).params.total() as f64,
            Cost::SizeBytes => costs::size_bytes(graph, self.accelerator.bits()) as f64,
            Cost::EnergyMj => on_accelerator()?.energy.total_mj,
            Cost::LatencyMs => on_accelerator()?.latency_ms,
        })
    }

    /// Returns the smallest and the largest cost that an architecture of the space has.
    ///
    /// # Errors
    /// The accelerator cannot run a layer that some architecture has.
    pub fn extremes(&self, cost: Cost, trellis: &Trellis) -> Result<Extremes<f64>, AcceleratorError> {
        extremes(trellis, |piece| self.cost(cost, piece))
    }
}

/// One cost of the architectures of a space, with an upper limit.
pub struct CostBudget<'a> {
    /// Computes the cost; it knows a cost of every architecture of the space.
    pub model: &'a CostModel,
    /// The space.
    pub space: &'a Space,
    /// Picture size and classes.
    pub task: Task,
    /// Which cost.
    pub cost: Cost,
    /// Largest allowed value; infinite to only record it.
    pub limit: f64,
}

impl Budget for CostBudget<'_> {
    fn cost_name(&self) -> &str {
        self.cost.name()
    }

    fn limit(&self) -> f64 {
        self.limit
    }

    /// What has no cost is no number, and so over every budget.
    fn cost(&self, genome: &Genome) -> f64 {
        self.model.cost(self.cost, &self.space.graph(genome, self.task)).unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_a_number_and_only_those_there_are_constants_for() {
        assert_eq!(serde_json::from_str::<Bits>("32").unwrap(), Bits::ThirtyTwo);
        assert_eq!(serde_json::to_string(&Bits::default()).unwrap(), "8");
        let error = serde_json::from_str::<Bits>("16").unwrap_err();
        assert_eq!(error.to_string(), "wanted 8 or 32 bits, found 16");
    }

    #[test]
    fn hardware_is_a_preset_or_a_file_of_the_same_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, Hardware::preset_text("corrected").unwrap()).unwrap();
        let mine = HardwareChoice::File(SourcePath::new(&path)).read().unwrap();
        assert_eq!(mine.name(), "mine");
        let preset = HardwareChoice::default().read().unwrap();
        assert_eq!(mine.digest(BitWidth::Eight), preset.digest(BitWidth::Eight));
        let error = HardwareChoice::Preset("eyeris".to_owned()).read().unwrap_err();
        assert!(error.to_string().starts_with("no hardware preset is called `eyeris`; there are "), "{error}");
    }
}
