//! The TOML of a hardware description, as written, and its conversion into exact constants.

use serde::Deserialize;

use super::constants::{Bus, Limits, Memory, Unit, Width};
use super::{Assumptions, HardwareError};

/// Version of the format that is read.
pub(super) const VERSION: u32 = 1;
/// 1 pJ in attojoules and 1 ns in femtoseconds.
const PARTS: f64 = 1e6;
/// Largest energy in pJ and time in ns, far above any memory access.
const LARGEST_CONSTANT: f64 = 1e6;
/// Most bits of a word or a bus.
const LARGEST_WIDTH: i64 = 1 << 10;
/// Largest capacity, far above any on-chip memory.
const LARGEST_LIMIT: i64 = 1 << 32;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HardwareFile {
    pub version: u32,
    pub summary: String,
    pub assumptions: Assumptions,
    pub memory: MemoryFile,
    pub dram_bus: BusFile,
    pub bits_32: WidthFile,
    pub bits_8: WidthFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryFile {
    dram: Picojoules,
    buffer: Picojoules,
    network: Picojoules,
    partial_sum: Picojoules,
    register: Picojoules,
    register_weight: Picojoules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BusFile {
    width: Bits,
    cycle: Nanoseconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WidthFile {
    multiply: UnitFile,
    shift: UnitFile,
    add: UnitFile,
    limits: LimitsFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitFile {
    operation: Picojoules,
    accumulate: Picojoules,
    word: Bits,
    cycle: Nanoseconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    filters_at_most: Limit,
    row_values_below: Limit,
    weights_below: Limit,
    elements_below: Limit,
    buffer_words_below: Limit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Picojoules {
    pj: f64,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nanoseconds {
    ns: f64,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bits {
    bits: i64,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    limit: i64,
    source: String,
}

/// Where a constant stands: the hardware and the path of the table.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub name: &'a str,
    pub table: &'a str,
}

impl MemoryFile {
    pub fn constants(&self, at: Place) -> Result<Memory, HardwareError> {
        Ok(Memory {
            dram_aj: at.energy("dram", &self.dram)?,
            buffer_aj: at.energy("buffer", &self.buffer)?,
            network_aj: at.energy("network", &self.network)?,
            partial_sum_aj: at.energy("partial_sum", &self.partial_sum)?,
            register_aj: at.energy("register", &self.register)?,
            register_weight_aj: at.energy("register_weight", &self.register_weight)?,
        })
    }
}

impl BusFile {
    pub fn constants(&self, at: Place) -> Result<Bus, HardwareError> {
        Ok(Bus { bits: at.bits("width", &self.width)?, cycle_fs: at.time("cycle", &self.cycle)? })
    }
}

impl WidthFile {
    pub fn constants(&self, at: Place) -> Result<Width, HardwareError> {
        Ok(Width {
            multiply: self.multiply.constants(at, "multiply")?,
            shift: self.shift.constants(at, "shift")?,
            add: self.add.constants(at, "add")?,
            limits: self.limits.constants(at)?,
        })
    }
}

impl UnitFile {
    fn constants(&self, at: Place, arithmetic: &str) -> Result<Unit, HardwareError> {
        let table = format!("{}.{arithmetic}", at.table);
        let at = Place { table: &table, ..at };
        Ok(Unit {
            operation_aj: at.energy("operation", &self.operation)?,
            accumulate_aj: at.energy("accumulate", &self.accumulate)?,
            word_bits: at.bits("word", &self.word)?,
            cycle_fs: at.time("cycle", &self.cycle)?,
        })
    }
}

impl LimitsFile {
    fn constants(&self, at: Place) -> Result<Limits, HardwareError> {
        let table = format!("{}.limits", at.table);
        let at = Place { table: &table, ..at };
        Ok(Limits {
            filters_at_most: at.limit("filters_at_most", &self.filters_at_most)?,
            row_values_below: at.limit("row_values_below", &self.row_values_below)?,
            weights_below: at.limit("weights_below", &self.weights_below)?,
            elements_below: at.limit("elements_below", &self.elements_below)?,
            buffer_words_below: at.limit("buffer_words_below", &self.buffer_words_below)?,
        })
    }
}

impl Place<'_> {
    fn energy(self, key: &str, found: &Picojoules) -> Result<u64, HardwareError> {
        self.sourced(key, &found.source)?;
        self.millionths(&format!("{key}.pj"), found.pj)
    }

    fn time(self, key: &str, found: &Nanoseconds) -> Result<u64, HardwareError> {
        self.sourced(key, &found.source)?;
        self.millionths(&format!("{key}.ns"), found.ns)
    }

    fn bits(self, key: &str, found: &Bits) -> Result<u64, HardwareError> {
        self.sourced(key, &found.source)?;
        self.count(&format!("{key}.bits"), found.bits, LARGEST_WIDTH)
    }

    fn limit(self, key: &str, found: &Limit) -> Result<u64, HardwareError> {
        self.sourced(key, &found.source)?;
        self.count(&format!("{key}.limit"), found.limit, LARGEST_LIMIT)
    }

    fn sourced(self, key: &str, source: &str) -> Result<(), HardwareError> {
        if source.trim().is_empty() {
            return Err(HardwareError::NoSource { name: self.name.to_owned(), place: self.path(key) });
        }
        Ok(())
    }

    /// Decimals of up to six places become whole attojoules or femtoseconds, so that sums and ties are exact.
    fn millionths(self, key: &str, value: f64) -> Result<u64, HardwareError> {
        let (name, place) = (self.name.to_owned(), self.path(key));
        if !value.is_finite() {
            return Err(HardwareError::NotFinite { name, place, value });
        }
        self.positive(key, value, LARGEST_CONSTANT)?;
        let parts = (value * PARTS).round();
        if parts / PARTS != value {
            return Err(HardwareError::TooFine { name, place, value });
        }
        Ok(parts as u64)
    }

    fn count(self, key: &str, value: i64, limit: i64) -> Result<u64, HardwareError> {
        self.positive(key, value as f64, limit as f64)?;
        Ok(value.unsigned_abs())
    }

    fn positive(self, key: &str, value: f64, limit: f64) -> Result<(), HardwareError> {
        let (name, place) = (self.name.to_owned(), self.path(key));
        if value < 0.0 {
            return Err(HardwareError::Negative { name, place, value });
        }
        if value == 0.0 {
            return Err(HardwareError::Zero { name, place });
        }
        if value > limit {
            return Err(HardwareError::TooLarge { name, place, value, limit });
        }
        Ok(())
    }

    fn path(self, key: &str) -> String {
        format!("{}.{key}", self.table)
    }
}
