use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

mod assumptions;
mod constants;
mod error;
mod file;

pub use assumptions::{
    Accumulation, Assumptions, DramBandwidth, GroupedLayers, LocalKernel, LocalProjections, MemoryLevels, ShiftMatrix,
    SingleRows,
};
use constants::Memory;
pub(crate) use constants::{Bus, Limits, Width};
pub use error::HardwareError;

use file::{HardwareFile, Place, VERSION};

/// Longest description that is read, in bytes; a preset has about 7,000.
const LONGEST_TEXT: usize = 1 << 16;

const PRESETS: [(&str, &str); 4] = [
    ("shiftaddnas-pe168", include_str!("../data/hardware/shiftaddnas-pe168.toml")),
    ("shiftaddnas-pe192", include_str!("../data/hardware/shiftaddnas-pe192.toml")),
    ("shiftaddnas-nlp", include_str!("../data/hardware/shiftaddnas-nlp.toml")),
    ("corrected", include_str!("../data/hardware/corrected.toml")),
];

/// Width of numbers: which constants of a [`Hardware`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BitWidth {
    /// 8-bit integers.
    #[serde(rename = "8")]
    Eight,
    /// 32-bit floating point.
    #[serde(rename = "32")]
    ThirtyTwo,
}

impl BitWidth {
    /// Returns the number of bits.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::ThirtyTwo => 32,
        }
    }
}

/// An accelerator: unit energies, cycle times, capacities and assumptions, every constant with its source.
///
/// Constants are kept as whole attojoules and femtoseconds, so that costs and ties between tilings are exact.
/// The files are `data/hardware/*.toml` of this crate; others are read by [`Hardware::parse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardware {
    name: String,
    summary: String,
    assumptions: Assumptions,
    memory: Memory,
    dram_bus: Bus,
    bits_32: Width,
    bits_8: Width,
}

impl Hardware {
    /// Returns the hardware that a TOML text describes.
    ///
    /// # Errors
    /// The text is longer than 64 KiB, no TOML, of another version, misses a constant, has an unknown key, or a
    /// constant is not finite, not above 0, above 10⁶ (1,024 for bits, 2³² for limits), finer than 10⁻⁶ or without a source.
    pub fn parse(name: &str, toml_text: &str) -> Result<Self, HardwareError> {
        if toml_text.len() > LONGEST_TEXT {
            let (name, bytes) = (name.to_owned(), toml_text.len());
            return Err(HardwareError::Length { name, bytes, limit: LONGEST_TEXT });
        }
        let file: HardwareFile = toml::from_str(toml_text)
            .map_err(|reason| HardwareError::Syntax { name: name.to_owned(), reason: Box::new(reason) })?;
        if file.version != VERSION {
            return Err(HardwareError::Version { name: name.to_owned(), found: file.version, wanted: VERSION });
        }
        let at = |table| Place { name, table };
        Ok(Self {
            memory: file.memory.constants(at("memory"))?,
            dram_bus: file.dram_bus.constants(at("dram_bus"))?,
            bits_32: file.bits_32.constants(at("bits_32"))?,
            bits_8: file.bits_8.constants(at("bits_8"))?,
            name: name.to_owned(),
            summary: file.summary,
            assumptions: file.assumptions,
        })
    }

    /// Returns the names of the presets.
    pub fn preset_names() -> [&'static str; 4] {
        PRESETS.map(|(name, _)| name)
    }

    /// Returns the TOML of a preset: where a description of one's own begins.
    ///
    /// # Errors
    /// [`HardwareError::Unknown`] if no preset has the name.
    pub fn preset_text(name: &str) -> Result<&'static str, HardwareError> {
        let found = PRESETS.iter().find(|(preset, _)| *preset == name);
        let unknown = || HardwareError::Unknown { name: name.to_owned(), known: Self::preset_names().to_vec() };
        Ok(found.ok_or_else(unknown)?.1)
    }

    /// Returns a preset.
    ///
    /// # Errors
    /// [`HardwareError::Unknown`] if there is none of this name.
    pub fn preset(name: &str) -> Result<Self, HardwareError> {
        Self::parse(name, Self::preset_text(name)?)
    }

    /// Returns it with other switches, under another name.
    pub fn with_assumptions(self, name: &str, assumptions: Assumptions) -> Self {
        Self { name: name.to_owned(), assumptions, ..self }
    }

    /// Returns what it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what it is, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Returns its switches.
    pub const fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }

    /// Returns the digest of all constants and switches that hold at a bit width.
    ///
    /// Name, summary and sources are not in it: two descriptions of the same accelerator have the same digest.
    pub fn digest(&self, bits: BitWidth) -> HardwareDigest {
        let canonical = Canonical {
            version: VERSION,
            bits: bits.bits(),
            assumptions: &self.assumptions,
            memory: &self.memory,
            dram_bus: &self.dram_bus,
            width: self.width(bits),
        };
        let text = toml::to_string(&canonical).expect("integers and unit enums are TOML");
        HardwareDigest(*blake3::hash(text.as_bytes()).as_bytes())
    }

    /// Returns the exclusive limit on M1 · C1 · E1 · R, the processing elements that a tiling uses.
    pub const fn elements_below(&self, bits: BitWidth) -> u64 {
        self.width(bits).limits.elements_below
    }

    pub(crate) const fn width(&self, bits: BitWidth) -> &Width {
        match bits {
            BitWidth::Eight => &self.bits_8,
            BitWidth::ThirtyTwo => &self.bits_32,
        }
    }

    pub(crate) const fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(crate) const fn dram_bus(&self) -> &Bus {
        &self.dram_bus
    }
}

/// What the digest is computed of.
#[derive(Serialize)]
struct Canonical<'a> {
    version: u32,
    bits: u32,
    assumptions: &'a Assumptions,
    memory: &'a Memory,
    dram_bus: &'a Bus,
    width: &'a Width,
}

/// BLAKE3 of a hardware's constants, switches and bit width; costs of different digests are never compared.
///
/// Printed and serialized as 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HardwareDigest([u8; 32]);

impl fmt::Display for HardwareDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for HardwareDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests;
