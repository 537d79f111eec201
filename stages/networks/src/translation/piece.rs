use std::fmt;

use spaces::{
    LinearForm, LocalOperator, Mix, TransformerArchitecture, TransformerSizes, TranslationTask, kernel_length,
};

/// A layer or tensor of a translation network, the unit in which tensors are made, found and exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its name in an exported network, for example `encoder.0.mix.attention.query`.
    pub name: String,
    /// Where it belongs.
    pub owner: Owner,
    /// What it is.
    pub kind: PieceKind,
}

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// The embedding, `[V, D]`.
    Embedding {
        /// Its sizes.
        shape: [usize; 2],
    },
    /// A linear layer.
    Linear {
        /// Its arithmetic.
        form: LinearForm,
        /// Outputs and inputs.
        shape: [usize; 2],
        /// Outputs of the matrix that it is initialised as a part of.
        fan_out: usize,
    },
    /// The kernel of a local operator.
    Kernel {
        /// Of which.
        operator: LocalOperator,
        /// Kernels and taps.
        shape: [usize; 2],
    },
    /// A layer norm.
    Norm {
        /// Its width.
        width: usize,
    },
}

/// Encoder or decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Encoder,
    Decoder,
}

/// The layer that a piece stands in, and the part of it that decides who shares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The whole network.
    Network,
    /// The part of a layer that is there whatever its mix.
    Layer(Side, usize),
    /// The MLP and the norms around it.
    Mlp(Side, usize, Mix),
    /// The attention of a mix.
    Attention(Side, usize, Mix),
    /// The local branch of a mix.
    Local(Side, usize, Mix),
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Side::Encoder => "encoder",
            Side::Decoder => "decoder",
        })
    }
}

impl Piece {
    /// Returns the last part of the name, `query` of `encoder.0.mix.attention.query`.
    pub fn part(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

/// Returns all pieces of a network in execution order; their tensors are [`TransformerArchitecture::parameters`].
pub(crate) fn pieces(architecture: &TransformerArchitecture, task: &TranslationTask) -> Vec<Piece> {
    let sizes = architecture.sizes();
    let shape = [task.vocabulary, sizes.encoder.width.max(sizes.decoder.width)];
    let embedding = Piece { name: "embedding".to_owned(), owner: Owner::Network, kind: PieceKind::Embedding { shape } };
    let mut list = List { sizes, pieces: vec![embedding] };
    (0..sizes.encoder.layers.len()).for_each(|index| list.encoder_layer(index));
    (0..sizes.decoder.layers.len()).for_each(|index| list.decoder_layer(index));
    list.pieces
}

struct List<'a> {
    sizes: &'a TransformerSizes,
    pieces: Vec<Piece>,
}

/// A layer while its pieces are listed.
struct Layer {
    side: Side,
    index: usize,
    width: usize,
    mix: Mix,
    projections: LinearForm,
}

impl Layer {
    fn mlp(&self) -> Owner {
        Owner::Mlp(self.side, self.index, self.mix)
    }
}

impl List<'_> {
    fn encoder_layer(&mut self, index: usize) {
        let (layer, width) = (self.sizes.encoder.layers[index], self.sizes.encoder.width);
        let place = Layer { side: Side::Encoder, index, width, mix: layer.mix, projections: layer.projection_form };
        self.mix(&place);
        self.mlp(&place, layer.mlp_form, layer.mlp_width);
    }

    fn decoder_layer(&mut self, index: usize) {
        let (layer, width) = (self.sizes.decoder.layers[index], self.sizes.decoder.width);
        let place = Layer { side: Side::Decoder, index, width, mix: layer.mix, projections: layer.projection_form };
        self.mix(&place);
        let owner = Owner::Layer(place.side, index);
        self.attention(&place, owner, "cross", [width, self.sizes.encoder.width]);
        self.push(&place, owner, "cross_norm".to_owned(), PieceKind::Norm { width });
        self.mlp(&place, layer.mlp_form, layer.mlp_width);
    }

    fn push(&mut self, layer: &Layer, owner: Owner, part: String, kind: PieceKind) {
        let name = format!("{}.{}.{part}", layer.side, layer.index);
        self.pieces.push(Piece { name, owner, kind });
    }

    fn mix(&mut self, layer: &Layer) {
        let width = layer.width / layer.mix.branches();
        if layer.mix.attends() {
            let owner = Owner::Attention(layer.side, layer.index, layer.mix);
            self.attention(layer, owner, "mix.attention", [width, width]);
        }
        if let Some(operator) = layer.mix.local() {
            self.local(layer, operator, width);
        }
        self.push(layer, layer.mlp(), "mix_norm".to_owned(), PieceKind::Norm { width: layer.width });
    }

    fn attention(&mut self, layer: &Layer, owner: Owner, part: &str, [width, key_width]: [usize; 2]) {
        let (inner, form) = (self.sizes.inner_width, layer.projections);
        for (name, inputs) in [("query", width), ("key", key_width), ("value", key_width)] {
            let kind = PieceKind::Linear { form, shape: [inner, inputs], fan_out: 3 * inner };
            self.push(layer, owner, format!("{part}.{name}"), kind);
        }
        let kind = PieceKind::Linear { form, shape: [width, inner], fan_out: width };
        self.push(layer, owner, format!("{part}.output"), kind);
    }

    fn local(&mut self, layer: &Layer, operator: LocalOperator, width: usize) {
        let owner = Owner::Local(layer.side, layer.index, layer.mix);
        let linear = |form| PieceKind::Linear { form, shape: [width, width], fan_out: width };
        self.push(layer, owner, "mix.local.input".to_owned(), linear(layer.projections));
        match operator {
            LocalOperator::Shift => {
                self.push(layer, owner, "mix.local.shift".to_owned(), linear(LinearForm::Shift));
            }
            LocalOperator::Conv | LocalOperator::Add => {}
        }
        let shape = [layer.mix.kernels(), kernel_length(layer.index)];
        self.push(layer, owner, "mix.local.kernel".to_owned(), PieceKind::Kernel { operator, shape });
        self.push(layer, owner, "mix.local.output".to_owned(), linear(layer.projections));
    }

    fn mlp(&mut self, layer: &Layer, form: LinearForm, inner: usize) {
        let width = layer.width;
        let expand = PieceKind::Linear { form, shape: [inner, width], fan_out: inner };
        let contract = PieceKind::Linear { form, shape: [width, inner], fan_out: width };
        self.push(layer, layer.mlp(), "mlp.expand".to_owned(), expand);
        self.push(layer, layer.mlp(), "mlp.contract".to_owned(), contract);
        self.push(layer, layer.mlp(), "mlp_norm".to_owned(), PieceKind::Norm { width });
    }
}
