/// Which values dropout drops: a fixed function of a key and a value's place, so that nothing need be stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mask {
    rate: f32,
    key: u64,
}

impl Mask {
    /// Returns the mask that drops a share of `rate`. Masks with different keys are independent.
    ///
    /// # Panics
    /// If the rate is not at least 0 and below 1.
    pub fn new(rate: f32, key: u64) -> Self {
        assert!((0.0..1.0).contains(&rate), "a rate of at least 0 and below 1, not {rate}");
        Self { rate, key }
    }

    /// Returns what the value at a place is multiplied by: 0, or 1 / (1 − rate).
    pub fn factor(&self, at: usize) -> f32 {
        match mixed(at as u32, self.key) < threshold(self.rate) {
            true => 0.0,
            false => 1.0 / (1.0 - self.rate),
        }
    }
}

/// Returns the draw below which a value is dropped.
#[inline(always)]
fn threshold(rate: f32) -> u32 {
    (f64::from(rate) * f64::from(u32::MAX)) as u32
}

/// Returns 32 bits of a place under a key: the finaliser of MurmurHash3, once for each half of the key.
#[inline(always)]
fn mixed(at: u32, key: u64) -> u32 {
    finished(finished(at ^ key as u32) ^ (key >> 32) as u32)
}

#[inline(always)]
fn finished(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x85eb_ca6b);
    bits ^= bits >> 13;
    bits = bits.wrapping_mul(0xc2b2_ae35);
    bits ^ bits >> 16
}
