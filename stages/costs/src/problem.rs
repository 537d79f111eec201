use serde::Serialize;
use spaces::Arithmetic;

use crate::AcceleratorError;
use crate::hardware::MemoryLevels;

/// Largest extent of a problem: no layer comes near, and every search over tilings ends soon.
pub const LARGEST_EXTENT: u64 = 1 << 20;

/// Largest worst-case count of a problem, so that energies and latencies fit 128 bits.
const LARGEST_COUNT: u128 = 1 << 60;

/// What the array computes: the bounds of a loop nest, and which unit computes it.
///
/// The letters are those of Eyeriss: N, M, C, E × F, H × W, R × S.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Problem {
    /// Which constants hold.
    pub class: UnitClass,
    /// N: pictures, rows or tokens that share the weights.
    pub batch: u64,
    /// M: output channels.
    pub out_channels: u64,
    /// C: input channels, what is summed over.
    pub in_channels: u64,
    /// E: output rows.
    pub out_height: u64,
    /// F: output columns.
    pub out_width: u64,
    /// H: input rows.
    pub height: u64,
    /// W: input columns.
    pub width: u64,
    /// R: rows of the window.
    pub kernel_height: u64,
    /// S: columns of the window.
    pub kernel_width: u64,
    /// Step of the window.
    pub stride: u64,
}

/// Which constants of a hardware hold for a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct UnitClass {
    /// The arithmetic whose words and cycles it has.
    pub datapath: Arithmetic,
    /// The arithmetic whose energy a tap costs.
    pub operation: Arithmetic,
    /// Where its data costs energy.
    pub memory: MemoryLevels,
}

/// A problem and how often it is computed, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RepeatedProblem {
    /// What is computed.
    pub problem: Problem,
    /// How often: the groups of a layer, or 1.
    pub times: u64,
}

impl Problem {
    /// Returns N · E · F · M · R · S · C, one per tap.
    pub(crate) const fn macs(&self) -> u64 {
        self.out_words() * self.in_channels * self.kernel_height * self.kernel_width
    }

    /// Returns N · H · W · C.
    pub(crate) const fn in_words(&self) -> u64 {
        self.batch * self.height * self.width * self.in_channels
    }

    /// Returns R · S · C · M.
    pub(crate) const fn weight_words(&self) -> u64 {
        self.kernel_height * self.kernel_width * self.in_channels * self.out_channels
    }

    /// Returns N · E · F · M.
    pub(crate) const fn out_words(&self) -> u64 {
        self.batch * self.out_height * self.out_width * self.out_channels
    }

    /// Refuses what no tiling may be searched for; afterwards no count of any tiling exceeds 2⁶⁰.
    pub(crate) fn check(&self) -> Result<(), AcceleratorError> {
        let extents = [
            ("batch", self.batch),
            ("out_channels", self.out_channels),
            ("in_channels", self.in_channels),
            ("out_height", self.out_height),
            ("out_width", self.out_width),
            ("height", self.height),
            ("width", self.width),
            ("kernel_height", self.kernel_height),
            ("kernel_width", self.kernel_width),
            ("stride", self.stride),
        ];
        for (extent, value) in extents {
            if value == 0 || value > LARGEST_EXTENT {
                return Err(AcceleratorError::Extent { extent, value, limit: LARGEST_EXTENT });
            }
        }
        let (n, m, c) = (self.batch, self.out_channels, self.in_channels);
        let (e, f, r, s) = (self.out_height, self.out_width, self.kernel_height, self.kernel_width);
        let taps_twice = [2 * n, m, c, e, f, r, s];
        let inputs_once_per_filter = [n, m, c, self.height, self.width];
        let inputs_delivered = [n, m, c, e, r, self.width];
        let weights_once_per_row = [n, m, c, e, r, s];
        let largest = [product(&taps_twice), product(&inputs_once_per_filter), product(&inputs_delivered)];
        if largest.into_iter().chain([product(&weights_once_per_row)]).any(|count| count > LARGEST_COUNT) {
            return Err(AcceleratorError::TooLarge { problem: *self });
        }
        Ok(())
    }
}

fn product(factors: &[u64]) -> u128 {
    factors.iter().fold(1, |product: u128, &factor| product.saturating_mul(u128::from(factor)))
}
