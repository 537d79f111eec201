/// The ten numbers of an encoder-decoder in the order of the paper's predictor, each with the norm it is divided by.
/// Widths are embedding sizes, depths are layers, the rest are means over the layers that are there.
///
/// The norms are those of the released code for WMT'14 En-De (MLP of the decoder: 3072 for En-Fr there). Both
/// predictors standardize their inputs, so a norm changes no prediction, only the unit of a coefficient.
pub const HAT_FEATURES: [(&str, f64); 10] = [
    ("encoder_embed_dim", 1024.0),
    ("encoder_layer_num", 6.0),
    ("encoder_ffn_embed_dim_avg", 4096.0),
    ("encoder_self_attention_heads_avg", 6.0),
    ("decoder_embed_dim", 1024.0),
    ("decoder_layer_num", 6.0),
    ("decoder_ffn_embed_dim_avg", 4096.0),
    ("decoder_self_attention_heads_avg", 6.0),
    ("decoder_ende_attention_heads_avg", 6.0),
    ("decoder_arbitrary_ende_attn_avg", 2.0),
];

/// The columns of block types, both or neither: names joined with `-->`, one more of which may stand at the end.
pub const BLOCK_COLUMNS: [&str; 2] = ["encoder_block_types", "decoder_block_types"];

/// Which of [`HAT_FEATURES`] tell how many layers the two stacks have.
pub(super) const DEPTHS: [usize; 2] = [1, 5];

/// Measured means and standard deviations in milliseconds, encoder and decoder each.
pub const LATENCY_COLUMNS: [&str; 4] =
    ["latency_mean_encoder", "latency_mean_decoder", "latency_std_encoder", "latency_std_decoder"];

/// The latency in milliseconds in the general layout, whose other columns are all features.
pub const LATENCY_COLUMN: &str = "latency_ms";

/// Most layers of a stack: the one-hot code has this many places.
pub const LONGEST_STACK: usize = 6;
