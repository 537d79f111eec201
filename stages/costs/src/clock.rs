use crate::hardware::{BitWidth, Bus, DramBandwidth};
use crate::{Accesses, Hardware, Problem, Tiling};

/// How long things take, exactly: in the largest unit that divides a cycle of the array and a word on the bus.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Units of one cycle of the array.
    pub cycle: u128,
    /// Units of one word on the bus; 0 if the bandwidth is unlimited.
    pub dram_word: u128,
    unit_fs: f64,
}

impl Clock {
    pub fn of(hardware: &Hardware, bits: BitWidth, problem: &Problem) -> Self {
        let unit = hardware.width(bits).unit(problem.class.datapath);
        let Bus { bits: bus_bits, cycle_fs: bus_cycle_fs } = *hardware.dram_bus();
        // Both times are multiples of 1 fs over the bits of the bus.
        let cycle = u128::from(unit.cycle_fs) * u128::from(bus_bits);
        let dram_word = match hardware.assumptions().dram_bandwidth {
            DramBandwidth::Unlimited => 0,
            DramBandwidth::Bounded => u128::from(unit.word_bits) * u128::from(bus_cycle_fs),
        };
        let divisor = greatest_common_divisor(cycle, dram_word);
        let unit_fs = divisor as f64 / bus_bits as f64;
        Self { cycle: cycle / divisor, dram_word: dram_word / divisor, unit_fs }
    }

    /// Returns the longer of computing and moving data.
    pub fn latency(&self, problem: &Problem, tiling: &Tiling, accesses: &Accesses) -> u128 {
        let computing = self.cycle * u128::from(tiling.cycles(problem));
        computing.max(self.dram_word * u128::from(accesses.dram.total()))
    }

    pub fn latency_ms(&self, units: u128, times: u64) -> f64 {
        units as f64 * times as f64 * self.unit_fs / 1e12
    }
}

const fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
