//! The register tile alone, on values that stay in the first cache level: the most that any layer can get from it.

use pulp::Arch;

use crate::add::Minimum;
use crate::layer::DEPTH;
use crate::tile::{Law, Line, PANEL, Product, Rows, Tiles};

/// Rows of the left factor.
const ROWS: usize = 64;
/// Times that the same tiles are computed.
const PASSES: usize = 256;

/// Tiles whose factors and sums are in memory already.
///
/// On machines where a minimum waits for the ports of the multiply-add, [`Ceiling::minimum`] takes twice as long as
/// [`Ceiling::product`]; where it has ports of its own, as long.
pub struct Ceiling {
    arch: Arch,
    left: Vec<f32>,
    right: Vec<Line>,
    sums: Vec<Line>,
}

impl Ceiling {
    /// Terms of a pass over all tiles.
    pub const TERMS: usize = ROWS * DEPTH * PANEL * PASSES;

    /// Returns tiles of ones.
    pub fn new() -> Self {
        let lines = |count| vec![Line([1.0; PANEL]); count];
        Self { arch: Arch::new(), left: vec![1.0; ROWS * DEPTH], right: lines(DEPTH), sums: lines(ROWS) }
    }

    /// Adds up minima, as the forward pass of an add layer does.
    pub fn minimum(&mut self) {
        self.run(Minimum);
    }

    /// Adds up products, as a convolution does.
    pub fn product(&mut self) {
        self.run(Product);
    }

    fn run(&mut self, law: impl Law) {
        for _ in 0..PASSES {
            let (left, right) = (Rows::dense(&self.left, DEPTH), &*self.right);
            self.arch.dispatch(Tiles { law, left, right, held: &[], valid: PANEL, sums: &mut self.sums });
        }
    }
}

impl Default for Ceiling {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_is_computed() {
        for (run, term) in [(Ceiling::minimum as fn(&mut Ceiling), 2.0), (Ceiling::product, 1.0)] {
            let mut ceiling = Ceiling::new();
            run(&mut ceiling);
            let sum = 1.0 + term * (DEPTH * PASSES) as f32;
            assert!(ceiling.sums.iter().all(|line| line.0 == [sum; PANEL]), "{:?}", ceiling.sums[0]);
        }
    }
}
