use spaces::Operator::{Add, Attention, Conv, Shift};
use spaces::{Arithmetic, Operator};

use super::drawing::{Drawing, Filter, ShiftForm};
use super::squeeze_excitation::squeeze_excitation;
use crate::Network;

/// Operators of the layers at 56², 28², 14² and 7² (for pictures of 224²).
type Levels = [&'static [Operator]; 4];

/// The searched network whose released name ends in `mix_v2`.
pub(crate) const MIX_2: Levels = [
    &[Conv],
    &[Conv],
    &[Shift, Add, Conv, Attention, Shift],
    &[Attention, Attention, Attention, Conv, Attention, Attention, Attention, Attention, Attention],
];

/// The searched network whose released name ends in `mix_v3`: two add blocks, one shift block.
pub(crate) const MIX_3: Levels = [
    &[Conv, Conv],
    &[Conv, Conv, Conv, Conv],
    &[Shift, Conv, Attention, Add, Add],
    &[Attention, Attention, Conv, Attention, Attention],
];

/// The searched network whose released name ends in `mix_v4`: four shift blocks.
pub(crate) const MIX_4: Levels = [
    &[Conv, Conv],
    &[Conv, Shift, Conv, Conv],
    &[Shift, Conv, Attention, Shift, Shift],
    &[Attention, Attention, Conv, Attention, Attention],
];

/// `BossNAS`, the network that the paper compares with.
pub(crate) const BOSSNAS: Levels = [
    &[Conv],
    &[Conv],
    &[Conv, Conv, Conv, Attention, Conv],
    &[Attention, Attention, Attention, Conv, Attention, Attention, Attention, Attention, Attention],
];

const STEM_CHANNELS: u64 = 64;
/// Channels between the blocks of each level, twice those of the supernet.
const CHANNELS: [u64; 4] = [256, 512, 1024, 2048];
/// Channels between blocks over channels inside a convolution-like block.
const BOTTLENECK: u64 = 4;
/// Attention heads of each level.
const HEADS: [u64; 4] = [1, 2, 4, 8];
const HEAD_CHANNELS: u64 = 64;
const CLASSES: u64 = 1000;

/// A searched network in the form in which the release retrains it: `SiLU`, shortcuts of ResNet-D, squeeze and
/// excitation in all blocks but attention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retrained {
    levels: Levels,
    /// The step into the coarsest level: 2 in the networks called T0, 1 in those called T1.
    last_stride: u64,
    shift: ShiftForm,
    /// Classifiers: a second one is trained by a teacher.
    classifiers: u64,
}

/// One searchable layer.
struct Place {
    operator: Operator,
    channels: u64,
    heads: u64,
    stride: u64,
}

impl Retrained {
    /// Returns the network whose maps halve at every level, with two classifiers and shift layers of form Q.
    pub const fn t0(levels: Levels) -> Self {
        Self { levels, last_stride: 2, shift: ShiftForm::Q, classifiers: 2 }
    }

    /// Returns the network whose coarsest level has the maps of the one before it.
    pub const fn t1(levels: Levels) -> Self {
        Self { last_stride: 1, ..Self::t0(levels) }
    }

    /// Returns it with exponents and signs in shift layers.
    pub const fn ps(self) -> Self {
        Self { shift: ShiftForm::Ps, ..self }
    }

    /// Returns it with one classifier.
    pub const fn single_head(self) -> Self {
        Self { classifiers: 1, ..self }
    }

    pub fn network(&self, name: &str, image_size: u64) -> Network {
        let mut drawing = Drawing::new(image_size, self.shift);
        stem(&mut drawing);
        for (layer, place) in self.places().into_iter().enumerate() {
            drawing.enter(format!("layers.{layer}"), Some(place.operator));
            block(&mut drawing, &place);
        }
        self.head(&mut drawing);
        drawing.finish(name)
    }

    fn places(&self) -> Vec<Place> {
        let place = |level: usize, index: usize, operator| {
            let stride = match (level, index) {
                (0, _) | (_, 1..) => 1,
                (3, 0) => self.last_stride,
                (_, 0) => 2,
            };
            Place { operator, channels: CHANNELS[level], heads: HEADS[level], stride }
        };
        let levels = self.levels.iter().enumerate();
        let places = levels.flat_map(|(level, operators)| {
            operators.iter().enumerate().map(move |(index, &operator)| place(level, index, operator))
        });
        places.collect()
    }

    fn head(&self, drawing: &mut Drawing) {
        drawing.enter("head", None);
        let inputs = drawing.map.channels;
        let parts = ["classifier", "distillation"];
        for part in parts.into_iter().take(self.classifiers as usize) {
            drawing.linear(part, 1, inputs, CLASSES);
        }
    }
}

fn stem(drawing: &mut Drawing) {
    drawing.enter("stem", None);
    drawing.filter("conv", Filter { stride: 2, ..Filter::new(Arithmetic::Multiply, STEM_CHANNELS, 7) });
    drawing.norm("norm");
    drawing.pool("pool", 3, 2);
}

fn block(drawing: &mut Drawing, place: &Place) {
    let input = drawing.map;
    shortcut(drawing, place);
    drawing.map = input;
    entry(drawing, place);
    match place.operator {
        Attention => attention(drawing, place.heads),
        Conv | Shift | Add => drawing.filter("middle", Filter::new(arithmetic(place), drawing.map.channels, 3)),
    }
    drawing.norm("middle_norm");
    drawing.filter("expand", Filter::new(arithmetic(place), place.channels, 1));
    drawing.norm("expand_norm");
    match place.operator {
        Attention => (),
        Conv | Shift | Add => squeeze_excitation(drawing),
    }
}

/// The mean of 2x2 positions where the map halves, a projection and its normalisation, without activation.
fn shortcut(drawing: &mut Drawing, place: &Place) {
    if place.stride == 1 && drawing.map.channels == place.channels {
        return;
    }
    if place.stride > 1 {
        drawing.pool("shortcut_pool", place.stride, place.stride);
    }
    drawing.filter("shortcut", Filter::new(arithmetic(place), place.channels, 1));
    drawing.norm("shortcut_norm");
}

/// 1x1 to the width inside the block, then the positional encoding, which carries the stride.
fn entry(drawing: &mut Drawing, place: &Place) {
    let (width, bias) = match place.operator {
        Attention => (place.heads * HEAD_CHANNELS, true),
        Conv | Shift => (place.channels / BOTTLENECK, true),
        Add => (place.channels / BOTTLENECK, false),
    };
    drawing.filter("entry", Filter::new(arithmetic(place), width, 1));
    let window = Filter::new(arithmetic(place), width, 3);
    drawing.filter("peg", Filter { stride: place.stride, groups: width, bias, ..window });
    drawing.norm("entry_norm");
}

fn attention(drawing: &mut Drawing, heads: u64) {
    let map = drawing.map;
    drawing.filter("qkv", Filter::new(Arithmetic::Multiply, 3 * map.channels, 1));
    drawing.attention(heads, HEAD_CHANNELS, map.edge * map.edge);
    drawing.map = map;
}

const fn arithmetic(place: &Place) -> Arithmetic {
    match place.operator {
        Attention | Conv => Arithmetic::Multiply,
        Shift => Arithmetic::Shift,
        Add => Arithmetic::Add,
    }
}
