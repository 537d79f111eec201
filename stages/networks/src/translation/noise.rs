use std::cell::Cell;

use kernels::Mask;

/// The random numbers of one batch, in the order in which the network asks for them.
#[derive(Debug)]
pub(crate) struct Noise {
    seed: u64,
    drawn: Cell<u64>,
}

impl Noise {
    /// Returns the numbers of a batch of an update: the same for the same arguments.
    pub fn new(seed: u64, update: usize, batch: usize) -> Self {
        let seed = mixed(mixed(mixed(seed) ^ update as u64) ^ batch as u64);
        Self { seed, drawn: Cell::new(0) }
    }

    /// Returns the next mask, `None` if nothing is dropped.
    pub fn mask(&self, rate: f64) -> Option<Mask> {
        let key = self.key();
        (rate > 0.0).then(|| Mask::new(rate as f32, key))
    }

    /// Returns the next key of what is random in a tensor.
    pub fn key(&self) -> u64 {
        let drawn = self.drawn.get();
        self.drawn.set(drawn + 1);
        mixed(self.seed ^ drawn)
    }
}

/// The finalizer of SplitMix64: a bijection whose outputs for neighbouring numbers have nothing in common.
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_repeat_for_the_same_batch_and_for_no_other() {
        let masks = |noise: Noise| [0.1, 0.0, 0.1].map(|rate| noise.mask(rate));
        let [first, none, second] = masks(Noise::new(1, 2, 3));
        assert_eq!(none, None);
        assert_ne!(first, second);
        assert_eq!(masks(Noise::new(1, 2, 3)), [first, none, second]);
        for other in [Noise::new(2, 2, 3), Noise::new(1, 3, 3), Noise::new(1, 2, 2), Noise::new(1, 3, 2)] {
            assert_ne!(masks(other)[0], first);
        }
    }
}
