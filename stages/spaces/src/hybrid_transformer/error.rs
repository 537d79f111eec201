use std::fmt;

use thiserror::Error;

use super::Mix;

/// A layer of a translation network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerPlace {
    /// Encoder layer, the first is 0.
    Encoder(usize),
    /// Decoder layer, the first is 0.
    Decoder(usize),
}

/// Why sizes make no translation network, or one that is not of a space.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TransformerError {
    /// A size is 0 or absurdly large.
    #[error("`{parameter}` is {found}, wanted 1 to {max}")]
    Size {
        /// Which size.
        parameter: &'static str,
        /// What it is.
        found: usize,
        /// Largest allowed value.
        max: usize,
    },
    /// Attention heads do not divide the inner width.
    #[error("{place}: {heads} {kind} heads do not divide the inner width {inner_width}")]
    Heads {
        /// Where.
        place: LayerPlace,
        /// Self-attention or cross-attention.
        kind: &'static str,
        /// Heads.
        heads: usize,
        /// Inner width of attention.
        inner_width: usize,
    },
    /// A local branch cannot divide its channels among its kernels, or the channels have no half.
    #[error("{place}: {divisor} does not divide the width {width}, as mix `{mix}` needs")]
    Width {
        /// Where.
        place: LayerPlace,
        /// Width of encoder or decoder.
        width: usize,
        /// How the layer mixes positions.
        mix: Mix,
        /// What has to divide the width.
        divisor: usize,
    },
    /// A decoder layer reads no encoder layer, or more than there are.
    #[error("{place}: {found} sources, wanted 1 to {most}")]
    Sources {
        /// Where.
        place: LayerPlace,
        /// Encoder layers that it reads.
        found: usize,
        /// Most it may read.
        most: usize,
    },
    /// The space does not offer this choice.
    #[error("`{choice}` is {found}, the space offers {offered}")]
    NotOffered {
        /// What is chosen, with the layer if it is chosen per layer.
        choice: String,
        /// The choice.
        found: String,
        /// What is offered.
        offered: String,
    },
    /// A list of choices of a space is empty.
    #[error("`{list}` is empty; list at least one value")]
    NoChoice {
        /// The list.
        list: &'static str,
    },
    /// A list of choices of a space is too long.
    #[error("`{list}` lists {found} values, wanted at most {max}")]
    TooManyChoices {
        /// The list.
        list: &'static str,
        /// Its length.
        found: usize,
        /// Largest allowed length.
        max: usize,
    },
    /// A list of choices of a space has a value twice.
    #[error("`{list}` lists {value} twice; each architecture would count more than once")]
    RepeatedChoice {
        /// The list.
        list: &'static str,
        /// The value.
        value: String,
    },
    /// A space offers heads that do not divide its inner width.
    #[error("`{list}` offers {heads}, which does not divide the inner width {inner_width}")]
    OfferedHeads {
        /// The list.
        list: &'static str,
        /// Heads.
        heads: usize,
        /// Inner width of attention.
        inner_width: usize,
    },
    /// A space offers a width together with a mix that it does not fit.
    #[error("`{list}` offers {width}, which {divisor} does not divide, as the offered mix `{mix}` needs")]
    OfferedWidth {
        /// The list.
        list: &'static str,
        /// Width of encoder or decoder.
        width: usize,
        /// The mix.
        mix: Mix,
        /// What has to divide the width.
        divisor: usize,
    },
    /// A space offers more sources than its shortest encoder has layers, or more than a decoder layer may read.
    #[error("`decoder.sources` offers {found}, wanted 1 to {most}")]
    OfferedSources {
        /// Encoder layers read.
        found: usize,
        /// Most that every encoder of the space allows.
        most: usize,
    },
    /// The space has more points than 128 bits count.
    #[error("the number of architectures of the space exceeds 128 bits")]
    TooMany,
}

impl fmt::Display for LayerPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayerPlace::Encoder(layer) => write!(formatter, "encoder layer {layer}"),
            LayerPlace::Decoder(layer) => write!(formatter, "decoder layer {layer}"),
        }
    }
}
