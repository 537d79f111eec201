use serde::Serialize;

/// Trained scalars of a supernet of the release, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SupernetScalars {
    /// Projections that operators of a cell share.
    pub pool: u64,
    /// Projections that belong to one operator; of shift layers of form PS the exponents.
    pub private_weights: u64,
    /// Positional encodings, weights, signs and biases.
    pub positional_encodings: u64,
    /// Scales and offsets of normalisations, those of adapters and stem excepted.
    pub normalizations: u64,
    /// Factors of the weight transform.
    pub alphas: u64,
    /// Signs of shift projections that are not made of the pool.
    pub signs: u64,
    /// What brings the stem's map to the level of the first layer.
    pub adapters: u64,
    /// First convolution and its normalisation.
    pub stem: u64,
    /// Classifier of 100 classes, whatever is asked for.
    pub head: u64,
}

impl SupernetScalars {
    /// Returns the sum, which the training log of the release prints.
    pub const fn total(&self) -> u64 {
        let shared = self.pool + self.private_weights + self.positional_encodings + self.normalizations;
        shared + self.alphas + self.signs + self.adapters + self.stem + self.head
    }
}

/// One of the supernets that the authors trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReleasedSupernet {
    /// Version of their source tree, for example `v5-ps`.
    pub name: &'static str,
    /// What it holds.
    pub scalars: SupernetScalars,
}

/// Returns the supernets of the release. Every layer has every level, every operator, though fewer are sampled, and
/// both entries; a cell that shares has factors for six tensors, whether it has the tensors or not.
pub fn released_supernets() -> [ReleasedSupernet; 6] {
    let shift_apart = Recipe { pool: Pool::None, shift: Shift::Own };
    let all = |shift| Recipe { pool: Pool::ConvAddShift, shift };
    [
        ("v1", shift_apart),
        ("v2", shift_apart),
        ("v3", Recipe { pool: Pool::ConvAdd, ..shift_apart }),
        ("v4", all(Shift::PooledExponentAndSign)),
        ("v5-ps", all(Shift::PooledExponent)),
        ("v5-q", all(Shift::PooledWeight)),
    ]
    .map(|(name, recipe)| ReleasedSupernet { name, scalars: recipe.scalars() })
}

const LAYERS: u64 = 16;
const STEM_CHANNELS: u64 = 64;
const STEM_KERNEL: u64 = 7;
const CLASSES: u64 = 100;
const BOTTLENECK: u64 = 4;
/// Factors per tensor, and tensors per cell and transform: two entries, two shortcuts, middle, expand.
const ALPHAS: u64 = 6 * 100;
const CONVOLUTION_LIKE: u64 = 3;

/// Levels, finest first: channels, and whether attention is offered.
const LEVELS: [Level; 4] = [
    Level { channels: 128, attention: false },
    Level { channels: 256, attention: false },
    Level { channels: 512, attention: true },
    Level { channels: 1024, attention: true },
];

#[derive(Clone, Copy)]
struct Level {
    channels: u64,
    attention: bool,
}

/// Whose projections the operators of a cell read.
#[derive(Clone, Copy)]
enum Pool {
    /// Every operator its own.
    None,
    /// Conv and Add the same, Add through the transform.
    ConvAdd,
    /// Conv, Add and Shift the same, Add and Shift through transforms of their own.
    ConvAddShift,
}

/// What shift layers read.
#[derive(Clone, Copy)]
enum Shift {
    /// Exponents and signs of their own.
    Own,
    /// Exponents and signs made of the pool, each through a transform of its own.
    PooledExponentAndSign,
    /// Exponents made of the pool, signs of their own.
    PooledExponent,
    /// The pool, rounded to signed powers of two.
    PooledWeight,
}

/// How a supernet shares.
#[derive(Clone, Copy)]
struct Recipe {
    pool: Pool,
    shift: Shift,
}

/// A searchable layer at one level.
#[derive(Clone, Copy)]
struct Cell {
    first_layer: bool,
    channels: u64,
    /// Channels inside a block, of every operator.
    width: u64,
    /// Channels between the blocks of the next finer level.
    finer: Option<u64>,
    attention: bool,
}

impl Recipe {
    fn scalars(self) -> SupernetScalars {
        let mut total = SupernetScalars {
            adapters: (0..).zip(LEVELS).map(|(index, level)| adapter(index, level)).sum(),
            stem: STEM_KERNEL * STEM_KERNEL * 3 * STEM_CHANNELS + 2 * STEM_CHANNELS,
            head: LEVELS[3].channels * CLASSES + CLASSES,
            ..SupernetScalars::default()
        };
        for cell in cells() {
            self.add(cell, &mut total);
        }
        total
    }

    fn add(self, cell: Cell, total: &mut SupernetScalars) {
        let projections = cell.projections();
        let (pool, private) = match self.pool {
            Pool::None => (0, 3 * projections),
            Pool::ConvAdd => (projections, projections),
            Pool::ConvAddShift => (projections, 0),
        };
        total.pool += pool;
        total.private_weights += private + cell.attention_projections();
        total.signs += match self.shift {
            Shift::Own | Shift::PooledExponent => projections,
            Shift::PooledExponentAndSign | Shift::PooledWeight => 0,
        };
        total.alphas += ALPHAS * self.transforms();
        total.positional_encodings += cell.encodings() * self.encoding_scalars(cell.attention);
        total.normalizations += cell.normalizations();
    }

    /// Returns the weight transforms of a cell.
    const fn transforms(self) -> u64 {
        match (self.pool, self.shift) {
            (Pool::None, _) => 0,
            (Pool::ConvAdd, _) | (Pool::ConvAddShift, Shift::Own) => 1,
            (Pool::ConvAddShift, Shift::PooledExponentAndSign) => 3,
            (Pool::ConvAddShift, Shift::PooledExponent | Shift::PooledWeight) => 2,
        }
    }

    /// Returns the scalars per channel of the 3x3 depth-wise encodings of a cell's operators. Conv and attention have
    /// a bias, Add none; Shift one where it shares nothing.
    const fn encoding_scalars(self, attention: bool) -> u64 {
        let conv = 9 + 1;
        let add = 9;
        let shift = match self.shift {
            Shift::Own => 2 * 9 + 1,
            Shift::PooledExponentAndSign | Shift::PooledExponent => 2 * 9,
            Shift::PooledWeight => 9,
        };
        let attention = if attention { 9 + 1 } else { 0 };
        conv + add + shift + attention
    }
}

fn cells() -> impl Iterator<Item = Cell> {
    let cell = |layer: u64, level: usize| {
        let Level { channels, attention } = LEVELS[level];
        let finer = level.checked_sub(1).map(|finer| LEVELS[finer].channels);
        Cell { first_layer: layer == 0, channels, width: channels / BOTTLENECK, finer, attention }
    };
    (0..LAYERS).flat_map(move |layer| (0..LEVELS.len()).map(move |level| cell(layer, level)))
}

/// Depth-wise convolution with kernel and stride 2^level, 1x1 convolution, normalisation.
const fn adapter(level: u32, Level { channels, .. }: Level) -> u64 {
    let width = channels / BOTTLENECK;
    STEM_CHANNELS * 4_u64.pow(level) + STEM_CHANNELS * width + 2 * width
}

impl Cell {
    /// Returns what a block reads that keeps the map.
    const fn input(self) -> u64 {
        if self.first_layer { self.width } else { self.channels }
    }

    /// Returns the scalars of the shortcuts and of the projections to the width inside the block.
    fn entries(self) -> u64 {
        let down = self.finer.map_or(0, |finer| 9 * finer * self.channels + finer * self.width);
        let shortcut = if self.first_layer { self.input() * self.channels } else { 0 };
        down + shortcut + self.input() * self.width
    }

    /// Returns the scalars of the projections of a convolution-like block, both entries included.
    fn projections(self) -> u64 {
        self.entries() + 9 * self.width * self.width + self.width * self.channels
    }

    /// Returns the scalars of the projections of an attention block, none where it is not offered.
    fn attention_projections(self) -> u64 {
        let inside = 3 * self.width * self.width + self.width * self.channels;
        if self.attention { self.entries() + inside } else { 0 }
    }

    /// Returns the channels of the positional encodings of one operator: one per entry.
    const fn encodings(self) -> u64 {
        self.entry_count() * self.width
    }

    const fn entry_count(self) -> u64 {
        if self.finer.is_some() { 2 } else { 1 }
    }

    /// Returns the scalars of the normalisations of all operators: one per shortcut with a projection, one per entry,
    /// one after the middle and one after the last projection.
    const fn normalizations(self) -> u64 {
        let shortcuts = self.entry_count() - 1 + if self.first_layer { 1 } else { 0 };
        let channels = (shortcuts + 1) * self.channels + (self.entry_count() + 1) * self.width;
        let operators = CONVOLUTION_LIKE + if self.attention { 1 } else { 0 };
        2 * channels * operators
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The totals of the authors' training logs.
    #[test]
    fn released_supernets_have_the_scalars_of_their_logs() {
        let totals = released_supernets().map(|supernet| (supernet.name, supernet.scalars.total()));
        let logs = [
            ("v1", 615_390_116),
            ("v2", 615_390_116),
            ("v3", 489_823_652),
            ("v4", 238_675_876),
            ("v5-ps", 364_242_340),
            ("v5-q", 238_503_844),
        ];
        assert_eq!(totals, logs);
    }

    #[test]
    fn sharing_moves_projections_into_one_pool() {
        let [v1, _, v3, v4, v5_ps, v5_q] = released_supernets().map(|supernet| supernet.scalars);
        let projections = 125_604_864;
        assert_eq!([v1.pool, v3.pool, v4.pool, v5_ps.pool, v5_q.pool], [0, 1, 1, 1, 1].map(|own| own * projections));
        assert_eq!(
            [v1.signs, v3.signs, v4.signs, v5_ps.signs, v5_q.signs],
            [1, 1, 0, 1, 0].map(|own| own * projections)
        );
        assert_eq!(v1.private_weights - v4.private_weights, 3 * projections);
        assert_eq!([v1.alphas, v3.alphas, v4.alphas, v5_q.alphas], [0, 38_400, 115_200, 76_800]);
        assert_eq!([v1.stem, v1.head], [9536, 102_500]);
    }
}
