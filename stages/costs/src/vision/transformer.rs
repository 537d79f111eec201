use spaces::Arithmetic;

use super::drawing::{Drawing, Filter, Map, ShiftForm};
use crate::Network;

/// Edge of the square patches that become tokens.
pub(crate) const PATCH: u64 = 16;
const HEAD_CHANNELS: u64 = 64;
const CLASSES: u64 = 1000;
/// Rows of one table of relative positions of `AutoFormer`: distances −14..=14 and the class token.
const RELATIVE_POSITIONS: u64 = 30;
/// Tables per encoder: vertical and horizontal, for keys and for values.
const RELATIVE_TABLES: u64 = 4;

/// What tells a token where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// A trained vector per token, added once.
    Absolute,
    /// These, and vectors per distance that every attention multiplies with its queries and its map (`AutoFormer`).
    Relative,
}

/// One encoder.
#[derive(Clone, Copy, Debug)]
struct Encoder {
    heads: u64,
    /// Values between the two matrices of the feed-forward half.
    hidden: u64,
}

/// A vision transformer: patches to tokens, encoders of attention and feed-forward, the class token classified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transformer {
    width: u64,
    encoders: &'static [Encoder],
    position: Position,
}

const fn encoder(heads: u64, hidden: u64) -> Encoder {
    Encoder { heads, hidden }
}

impl Transformer {
    /// `ViT` of base size (arXiv 2010.11929, Table 1).
    pub const VIT_B: Self = Self::absolute(768, &[encoder(12, 4 * 768); 12]);
    /// `ViT` of large size (arXiv 2010.11929, Table 1).
    pub const VIT_L: Self = Self::absolute(1024, &[encoder(16, 4 * 1024); 24]);
    /// `DeiT` of tiny size, without distillation token (arXiv 2012.12877, Table 1).
    pub const DEIT_T: Self = Self::absolute(192, &[encoder(3, 4 * 192); 12]);
    /// `DeiT` of small size, without distillation token (arXiv 2012.12877, Table 1).
    pub const DEIT_S: Self = Self::absolute(384, &[encoder(6, 4 * 384); 12]);
    /// `AutoFormer` of small size: the architecture that its release retrains (arXiv 2107.00651).
    pub const AUTOFORMER_S: Self = Self {
        width: 384,
        encoders: &[
            encoder(6, 1152),
            encoder(6, 1344),
            encoder(5, 1152),
            encoder(7, 1344),
            encoder(5, 1536),
            encoder(5, 1536),
            encoder(5, 1536),
            encoder(6, 1536),
            encoder(6, 1536),
            encoder(7, 1536),
            encoder(7, 1536),
            encoder(6, 1344),
            encoder(7, 1536),
        ],
        position: Position::Relative,
    };
    /// `AutoFormer` of base size: the architecture that its release retrains (arXiv 2107.00651).
    pub const AUTOFORMER_B: Self = Self {
        width: 576,
        encoders: &[
            encoder(9, 2016),
            encoder(9, 2016),
            encoder(9, 2304),
            encoder(9, 2016),
            encoder(9, 2304),
            encoder(10, 2016),
            encoder(9, 2016),
            encoder(9, 1728),
            encoder(10, 2304),
            encoder(9, 2304),
            encoder(10, 1728),
            encoder(9, 2304),
            encoder(9, 1728),
            encoder(10, 2016),
        ],
        position: Position::Relative,
    };

    const fn absolute(width: u64, encoders: &'static [Encoder]) -> Self {
        Self { width, encoders, position: Position::Absolute }
    }

    pub fn network(&self, name: &str, image_size: u64) -> Network {
        let mut drawing = Drawing::new(image_size, ShiftForm::Q);
        let tokens = self.embedding(&mut drawing);
        for (index, &encoder) in self.encoders.iter().enumerate() {
            drawing.enter(format!("encoders.{index}"), None);
            self.attention(&mut drawing, encoder.heads, tokens);
            self.feed_forward(&mut drawing, encoder.hidden, tokens);
        }
        drawing.enter("head", None);
        drawing.scalars("norm", 2 * self.width);
        drawing.linear("classifier", 1, self.width, CLASSES);
        drawing.finish(name)
    }

    /// Returns the number of tokens: one per patch and the class token.
    fn embedding(&self, drawing: &mut Drawing) -> u64 {
        drawing.enter("embedding", None);
        let patches = Filter::new(Arithmetic::Multiply, self.width, PATCH);
        drawing.filter("patches", Filter { stride: PATCH, padding: 0, bias: true, ..patches });
        let Map { edge, .. } = drawing.map;
        let tokens = edge * edge + 1;
        drawing.scalars("class_token", self.width);
        drawing.scalars("positions", tokens * self.width);
        tokens
    }

    fn attention(&self, drawing: &mut Drawing, heads: u64, tokens: u64) {
        let inner = heads * HEAD_CHANNELS;
        drawing.scalars("attention_norm", 2 * self.width);
        drawing.linear("qkv", tokens, self.width, 3 * inner);
        drawing.attention(heads, HEAD_CHANNELS, tokens);
        match self.position {
            Position::Absolute => (),
            Position::Relative => relative_positions(drawing, heads, tokens),
        }
        drawing.linear("output", tokens, inner, self.width);
    }

    fn feed_forward(&self, drawing: &mut Drawing, hidden: u64, tokens: u64) {
        drawing.scalars("feed_forward_norm", 2 * self.width);
        drawing.linear("widen", tokens, self.width, hidden);
        drawing.linear("narrow", tokens, hidden, self.width);
    }
}

/// Every token's queries meet the vectors of its distances to all tokens, and so does its row of the attention map.
fn relative_positions(drawing: &mut Drawing, heads: u64, tokens: u64) {
    drawing.scalars("relative.tables", RELATIVE_TABLES * RELATIVE_POSITIONS * HEAD_CHANNELS);
    drawing.product("relative.keys", tokens, [heads, HEAD_CHANNELS, tokens]);
    drawing.product("relative.values", tokens, [heads, tokens, HEAD_CHANNELS]);
}
