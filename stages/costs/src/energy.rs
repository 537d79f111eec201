use serde::Serialize;

use crate::hardware::{Accumulation, BitWidth, MemoryLevels};
use crate::{Accesses, Hardware, UnitClass};

/// Word sizes count in units of so many bits.
const PRICED_BITS: u128 = 16;
/// Units of 1/16 aJ per millijoule.
const UNITS_PER_MJ: f64 = 16.0 * 1e15;

/// Energy of a layer or network, in mJ; lower is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// The sum over levels, or of arithmetic and data.
    pub total_mj: f64,
    /// By level.
    pub by_level: EnergyByLevel,
    /// By data.
    pub by_data: EnergyByData,
}

/// Energy by where it is spent, in mJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct EnergyByLevel {
    /// Multiplications, shifts, additions.
    pub arithmetic_mj: f64,
    /// DRAM.
    pub dram_mj: f64,
    /// Global buffer.
    pub buffer_mj: f64,
    /// Network of the array.
    pub network_mj: f64,
    /// Register files of the elements.
    pub register_file_mj: f64,
}

/// Energy of all levels of memory by what is stored, in mJ; arithmetic is none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct EnergyByData {
    /// Inputs.
    pub input_mj: f64,
    /// Weights.
    pub weight_mj: f64,
    /// Outputs and partial sums.
    pub output_mj: f64,
}

/// What one access costs on a hardware at a bit width for a class, in 1/16 aJ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prices {
    pub operation: u128,
    pub dram: u128,
    pub buffer: u128,
    pub network: u128,
    pub partial_sum: u128,
    pub register: u128,
    pub register_weight: u128,
}

impl Prices {
    pub fn of(hardware: &Hardware, bits: BitWidth, class: UnitClass) -> Self {
        let width = hardware.width(bits);
        let memory = hardware.memory();
        let word_bits = u128::from(width.unit(class.datapath).word_bits);
        let word = |energy_aj: u64| u128::from(energy_aj) * word_bits;
        let above_registers = |energy_aj| match class.memory {
            MemoryLevels::RegistersAndSums => 0,
            MemoryLevels::AllLevels => word(energy_aj),
        };
        let unit = width.unit(class.operation);
        let operation_aj = match hardware.assumptions().accumulation {
            Accumulation::Free => unit.operation_aj,
            Accumulation::Counted => unit.operation_aj + unit.accumulate_aj,
        };
        Self {
            operation: u128::from(operation_aj) * PRICED_BITS,
            dram: above_registers(memory.dram_aj),
            buffer: above_registers(memory.buffer_aj),
            network: above_registers(memory.network_aj),
            partial_sum: word(memory.partial_sum_aj),
            register: word(memory.register_aj),
            register_weight: word(memory.register_weight_aj),
        }
    }

    /// Returns the energy of a problem computed `times` times.
    pub fn energy(&self, accesses: &Accesses, times: u64) -> Energy {
        let [dram, buffer, network, register] = self.levels(accesses);
        let arithmetic = self.arithmetic(accesses);
        let mj = |units: u128| units as f64 * times as f64 / UNITS_PER_MJ;
        let level = |level: [u128; 3]| mj(level.iter().sum());
        let data = |data: usize| mj(dram[data] + buffer[data] + network[data] + register[data]);
        Energy {
            total_mj: mj(self.total(accesses)),
            by_level: EnergyByLevel {
                arithmetic_mj: mj(arithmetic),
                dram_mj: level(dram),
                buffer_mj: level(buffer),
                network_mj: level(network),
                register_file_mj: level(register),
            },
            by_data: EnergyByData { input_mj: data(0), weight_mj: data(1), output_mj: data(2) },
        }
    }

    /// Returns the exact energy in 1/16 aJ.
    pub fn total(&self, accesses: &Accesses) -> u128 {
        self.arithmetic(accesses) + self.levels(accesses).iter().flatten().sum::<u128>()
    }

    fn arithmetic(&self, accesses: &Accesses) -> u128 {
        self.operation * u128::from(accesses.macs)
    }

    /// DRAM, buffer, network and register file, each by input, weight and output.
    fn levels(&self, accesses: &Accesses) -> [[u128; 3]; 4] {
        let prices = [
            [self.dram; 3],
            [self.buffer; 3],
            [self.network, self.network, self.partial_sum],
            [self.register, self.register_weight, self.register],
        ];
        let words = [accesses.dram, accesses.buffer, accesses.network, accesses.register_file];
        std::array::from_fn(|level| {
            let counts = [words[level].input, words[level].weight, words[level].output];
            std::array::from_fn(|data| prices[level][data] * u128::from(counts[data]))
        })
    }
}
