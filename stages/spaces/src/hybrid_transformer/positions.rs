use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sinusoidal positions: angle p · 10000^(−i / (columns / 2 − 1)) for frequency i; the first token has p = 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Positions {
    /// Columns 2i and 2i + 1 are sine and cosine of frequency i, the frequencies those of the network's own width.
    #[default]
    Interleaved,
    /// As the authors' release: all sines, then all cosines of a table of `columns`, of which a narrower network has
    /// the first columns, mostly sines.
    Released {
        /// Columns of the whole table: the largest width of the space.
        columns: usize,
    },
}

/// Position number of the first token: in the release 1 is that of padding.
const FIRST: usize = 2;

impl Positions {
    /// Returns the row of the token with the given index, first is 0.
    pub fn row(self, index: usize, width: usize) -> Vec<f32> {
        let position = (index + FIRST) as f64;
        let angle = |frequency: usize, columns: usize| {
            let step = 10_000_f64.ln() / ((columns / 2).max(2) - 1) as f64;
            position * (-(frequency as f64) * step).exp()
        };
        let value = |column: usize| match self {
            Positions::Interleaved if column.is_multiple_of(2) => angle(column / 2, width).sin(),
            Positions::Interleaved => angle(column / 2, width).cos(),
            Positions::Released { columns } if column < columns / 2 => angle(column, columns).sin(),
            Positions::Released { columns } => angle(column - columns / 2, columns).cos(),
        };
        (0..width).map(|column| value(column) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In Python: `[f(2 * 10000 ** (-i / 3)) for i in range(4) for f in (sin, cos)]`.
    #[test]
    fn sines_and_cosines_alternate() {
        let row = Positions::Interleaved.row(0, 8);
        let wanted = [0.909_297_4, -0.416_146_84, 0.092_699_08, 0.995_694_2, 0.004_308_861, 0.999_990_7, 0.0002, 1.0];
        row.iter().zip(wanted).for_each(|(found, wanted)| assert!((found - wanted).abs() < 1e-6, "{row:?}"));
    }

    #[test]
    fn a_narrow_network_of_the_release_has_sines_only() {
        let row = Positions::Released { columns: 16 }.row(3, 8);
        let sine = |frequency: i32| (5.0 * 10_000_f64.powf(-f64::from(frequency) / 7.0)).sin() as f32;
        assert!(row.iter().zip(0..).all(|(&found, frequency)| (found - sine(frequency)).abs() < 1e-6), "{row:?}");
    }
}
