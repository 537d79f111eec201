use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use spaces::{
    HybridTransformer, LinearForm, TransformerArchitecture, TransformerError, TransformerSizes, TranslationTask,
    Weights,
};

use super::keys::{Keys, WeightKey};
use super::piece::{Piece, PieceKind, pieces};
use super::settings::NetworkSettings;
use super::sharing::TranslationSharing;
use crate::initialization::Initialization;
use crate::operators::transform::{Segments, segments};
use crate::parameters::{NamedTensor, Parameters};
use crate::sharing::ShiftForm;

/// The trained tensors of a translation subnet or supernet, and the rules by which an architecture finds its own.
#[derive(Debug)]
pub struct TranslationNetwork {
    /// The tensors.
    pub parameters: Parameters,
    /// What it translates.
    pub task: TranslationTask,
    pub(super) settings: NetworkSettings,
    pub(super) keys: Keys,
    /// Pools that some add layer reads through T.
    pub(super) transformed: BTreeSet<String>,
    /// Segments of pooled weights since the last sort, by pool key.
    segments: Mutex<BTreeMap<String, Segments>>,
}

impl TranslationNetwork {
    /// Returns a freshly initialised network of one architecture.
    pub fn subnet(
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        settings: &NetworkSettings,
        seed: u64,
        device: &Device,
    ) -> Self {
        let mut network = Self::empty(Keys::Subnet, task, settings, device);
        pieces(architecture, task).iter().for_each(|piece| network.initialize(piece, seed));
        network
    }

    /// Returns a freshly initialised network of all architectures of a space, all of them slices of its largest. The
    /// sharing must be valid for the shift form.
    ///
    /// # Errors
    /// If the largest sizes of the space make no network.
    pub fn supernet(
        space: &HybridTransformer,
        task: &TranslationTask,
        sharing: &TranslationSharing,
        settings: &NetworkSettings,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TransformerError> {
        let mut network = Self::empty(Keys::Supernet(*sharing), task, settings, device);
        for architecture in largest(space)? {
            pieces(&architecture, task).iter().for_each(|piece| network.initialize(piece, seed));
        }
        Ok(network)
    }

    fn empty(keys: Keys, task: &TranslationTask, settings: &NetworkSettings, device: &Device) -> Self {
        Self {
            parameters: Parameters::new(device),
            task: *task,
            settings: *settings,
            keys,
            transformed: BTreeSet::new(),
            segments: Mutex::default(),
        }
    }

    /// Returns one architecture's tensors under the names and shapes of [`TransformerArchitecture::parameters`], as its
    /// arithmetic sees them: sliced, transformed, rounded, kernels after the softmax.
    pub fn export(&self, architecture: &TransformerArchitecture) -> Weights {
        self.resolve(architecture).tensors.weights()
    }

    /// Returns key, shape and values of every tensor.
    pub fn named_tensors(&self) -> Vec<NamedTensor> {
        let tensors = self.parameters.iter();
        tensors.map(|(key, tensor)| (key.clone(), tensor.shape.clone(), self.parameters.values(key))).collect()
    }

    fn initialize(&mut self, piece: &Piece, seed: u64) {
        match piece.kind {
            PieceKind::Embedding { shape } => {
                let deviation = (shape[1] as f32).powf(-0.5);
                self.draw(format!("{}.weight", piece.name), &shape, Initialization::Normal(deviation), seed);
            }
            PieceKind::Norm { width } => self.initialize_norm(&self.keys.private(piece), width, seed),
            PieceKind::Kernel { shape, .. } => {
                self.initialize_weight(piece, shape, Initialization::xavier(shape[1], shape[0]), seed);
            }
            PieceKind::Linear { form, shape, fan_out } => {
                self.initialize_weight(piece, shape, Initialization::xavier(shape[1], fan_out), seed);
                let vectors = self.keys.vectors(piece);
                match form {
                    LinearForm::Dense | LinearForm::Shift => {
                        self.draw(format!("{vectors}.bias"), &shape[..1], Initialization::Constant(0.0), seed);
                    }
                    LinearForm::Add => self.initialize_norm(&vectors, shape[0], seed),
                }
            }
        }
    }

    fn initialize_norm(&mut self, name: &str, width: usize, seed: u64) {
        self.draw(format!("{name}.gamma"), &[width], Initialization::Constant(1.0), seed);
        self.draw(format!("{name}.beta"), &[width], Initialization::Constant(0.0), seed);
    }

    fn initialize_weight(&mut self, piece: &Piece, shape: [usize; 2], xavier: Initialization, seed: u64) {
        match (self.keys.weight(piece), self.settings.shift) {
            (WeightKey::Pooled { pool, factors }, _) => {
                if let (Some(factors), Keys::Supernet(sharing)) = (factors, &self.keys) {
                    let count = sharing.segments.min(shape[0] * shape[1]);
                    self.draw(factors, &[count], Initialization::Constant(1.0), seed);
                    self.transformed.insert(pool.clone());
                }
                self.draw(pool, &shape, xavier, seed);
            }
            (WeightKey::Own(key), ShiftForm::Ps) if piece.shifts() => self.draw_exponents(&key, &shape, xavier, seed),
            (WeightKey::Own(key), ShiftForm::Q | ShiftForm::Ps) => {
                let initialization = if piece.adds() { Initialization::Normal(1.0) } else { xavier };
                self.draw(key, &shape, initialization, seed);
            }
        }
    }

    /// Draws the exponent and sign whose weight is the rounded one of a drawn W0: P = round(log2 |W0|), Z = sgn W0.
    fn draw_exponents(&mut self, key: &str, shape: &[usize], xavier: Initialization, seed: u64) {
        let drawn = xavier.draw(shape.iter().product(), seed, key);
        let rounded = kernels::shift::rounded(&drawn);
        let exponents = rounded.iter().map(|weight| weight.abs().max(f32::MIN_POSITIVE).log2()).collect();
        let signs = rounded.iter().map(|weight| weight.signum()).collect();
        self.insert_new(format!("{key}.exponent"), shape, exponents);
        self.insert_new(format!("{key}.sign"), shape, signs);
    }

    fn draw(&mut self, key: String, shape: &[usize], initialization: Initialization, seed: u64) {
        if self.parameters.find(&key).is_none() {
            let values = initialization.draw(shape.iter().product(), seed, &key);
            self.insert_new(key, shape, values);
        }
    }

    fn insert_new(&mut self, key: String, shape: &[usize], values: Vec<f32>) {
        if self.parameters.find(&key).is_none() {
            self.parameters.insert(key, shape.to_vec(), values);
        }
    }

    /// Forgets when weights were last sorted for T. Call it where a resumed run begins, too.
    pub fn forget_segments(&mut self) {
        self.segments.get_mut().expect("no thread panicked while sorting").clear();
    }

    /// Lets the next update sort pooled weights anew if `update`, its number, is a multiple of the sharing's `refresh_every`.
    pub(super) fn refresh_segments(&mut self, update: usize) {
        if let Keys::Supernet(sharing) = &self.keys
            && update.is_multiple_of(sharing.refresh_every)
        {
            self.forget_segments();
        }
    }

    pub(super) fn segments_of(&self, pool: &str) -> Segments {
        let mut cached = self.segments.lock().expect("no thread panicked while sorting");
        if let Some(segments) = cached.get(pool) {
            return Arc::clone(segments);
        }
        let count = match &self.keys {
            Keys::Supernet(sharing) => sharing.segments,
            Keys::Subnet => 1,
        };
        let segments = segments(self.parameters.leaf(pool), count);
        cached.insert(pool.to_owned(), Arc::clone(&segments));
        segments
    }
}

/// Returns networks with the largest sizes of a space which together have every mix with every linear form.
fn largest(space: &HybridTransformer) -> Result<Vec<TransformerArchitecture>, TransformerError> {
    let (encoder, decoder) = (&space.encoder, &space.decoder);
    let mixes = encoder.mixes.len().max(decoder.mixes.len());
    let forms = [&encoder.mlp_forms, &encoder.projection_forms, &decoder.mlp_forms, &decoder.projection_forms];
    let forms = forms.map(Vec::len).into_iter().max().unwrap_or(1);
    let combinations = (0..mixes).flat_map(|mix| (0..forms).map(move |form| (mix, form)));
    combinations.map(|(mix, form)| TransformerArchitecture::new(sizes(space, mix, form))).collect()
}

/// Returns the largest sizes of a space with the mix and forms at a place of their lists, which wraps around.
fn sizes(space: &HybridTransformer, mix: usize, form: usize) -> TransformerSizes {
    let HybridTransformer { inner_width, encoder, decoder } = space;
    let encoder_layer = spaces::EncoderLayer {
        mlp_width: greatest(&encoder.mlp_widths),
        heads: greatest(&encoder.heads),
        mix: wrapped(&encoder.mixes, mix),
        mlp_form: wrapped(&encoder.mlp_forms, form),
        projection_form: wrapped(&encoder.projection_forms, form),
    };
    let decoder_layer = spaces::DecoderLayer {
        mlp_width: greatest(&decoder.mlp_widths),
        self_heads: greatest(&decoder.self_heads),
        cross_heads: greatest(&decoder.cross_heads),
        sources: 1,
        mix: wrapped(&decoder.mixes, mix),
        mlp_form: wrapped(&decoder.mlp_forms, form),
        projection_form: wrapped(&decoder.projection_forms, form),
    };
    let encoder_layers = vec![encoder_layer; greatest(&encoder.layers)];
    let decoder_layers = vec![decoder_layer; greatest(&decoder.layers)];
    TransformerSizes {
        inner_width: *inner_width,
        encoder: spaces::TransformerEncoder { width: greatest(&encoder.widths), layers: encoder_layers },
        decoder: spaces::TransformerDecoder { width: greatest(&decoder.widths), layers: decoder_layers },
    }
}

fn greatest(choices: &[usize]) -> usize {
    choices.iter().copied().max().unwrap_or(0)
}

/// A checked space has no empty list.
fn wrapped<T: Copy>(choices: &[T], at: usize) -> T {
    choices[at % choices.len()]
}
