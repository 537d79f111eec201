use spaces::Arithmetic;

use super::drawing::{Drawing, Filter, ShiftForm};
use super::squeeze_excitation::squeeze_excitation;
use crate::Network;

const STEM_CHANNELS: u64 = 64;
/// Channels inside the blocks of each level.
const WIDTHS: [u64; 4] = [64, 128, 256, 512];
/// Channels between blocks over channels inside them.
const EXPANSION: u64 = 4;
const CLASSES: u64 = 1000;

/// Which layer of a block halves the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrideIn {
    /// The first 1x1, as the paper of `ResNet` has it.
    First,
    /// The 3x3, as later implementations have it (version 1.5).
    Middle,
}

/// What weighs the channels at the end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nothing.
    None,
    /// Squeeze and excitation, in the networks called `SENet`.
    SqueezeExcitation,
}

/// A residual network of bottleneck blocks; all layers but the first and the classifier have one arithmetic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResNet {
    blocks: [u64; 4],
    body: Arithmetic,
    shift: ShiftForm,
    stride_in: StrideIn,
    gate: Gate,
}

impl ResNet {
    /// Returns the network of 50 layers.
    pub const fn of_50() -> Self {
        let (body, shift) = (Arithmetic::Multiply, ShiftForm::Q);
        Self { blocks: [3, 4, 6, 3], body, shift, stride_in: StrideIn::First, gate: Gate::None }
    }

    /// Returns the network of 101 layers.
    pub const fn of_101() -> Self {
        Self { blocks: [3, 4, 23, 3], ..Self::of_50() }
    }

    /// Returns it with another arithmetic.
    pub const fn with_body(self, body: Arithmetic, shift: ShiftForm) -> Self {
        Self { body, shift, ..self }
    }

    /// Returns it with the stride elsewhere.
    pub const fn with_stride_in(self, stride_in: StrideIn) -> Self {
        Self { stride_in, ..self }
    }

    /// Returns it with another gate.
    pub const fn with_gate(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    pub fn network(&self, name: &str, image_size: u64) -> Network {
        let mut drawing = Drawing::new(image_size, self.shift);
        stem(&mut drawing);
        for (level, (blocks, width)) in self.blocks.into_iter().zip(WIDTHS).enumerate() {
            for block in 0..blocks {
                drawing.enter(format!("levels.{level}.{block}"), None);
                let stride = if block == 0 && level > 0 { 2 } else { 1 };
                self.block(&mut drawing, width, stride);
            }
        }
        drawing.enter("head", None);
        let inputs = drawing.map.channels;
        drawing.linear("classifier", 1, inputs, CLASSES);
        drawing.finish(name)
    }

    fn block(&self, drawing: &mut Drawing, width: u64, stride: u64) {
        let input = drawing.map;
        let channels = EXPANSION * width;
        if stride > 1 || input.channels != channels {
            drawing.filter("shortcut", Filter { stride, ..Filter::new(self.body, channels, 1) });
            drawing.norm("shortcut_norm");
        }
        drawing.map = input;
        let (first, middle) = match self.stride_in {
            StrideIn::First => (stride, 1),
            StrideIn::Middle => (1, stride),
        };
        drawing.filter("entry", Filter { stride: first, ..Filter::new(self.body, width, 1) });
        drawing.norm("entry_norm");
        drawing.relu("entry_relu");
        drawing.filter("middle", Filter { stride: middle, ..Filter::new(self.body, width, 3) });
        drawing.norm("middle_norm");
        drawing.relu("middle_relu");
        drawing.filter("expand", Filter::new(self.body, channels, 1));
        drawing.norm("expand_norm");
        match self.gate {
            Gate::None => (),
            Gate::SqueezeExcitation => squeeze_excitation(drawing),
        }
        drawing.relu("out");
    }
}

fn stem(drawing: &mut Drawing) {
    drawing.enter("stem", None);
    drawing.filter("conv", Filter { stride: 2, ..Filter::new(Arithmetic::Multiply, STEM_CHANNELS, 7) });
    drawing.norm("norm");
    drawing.relu("relu");
    drawing.pool("pool", 3, 2);
}
