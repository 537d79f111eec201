use std::cell::RefCell;
use std::collections::BTreeSet;

use burn::Tensor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spaces::{TransformerArchitecture, TranslationTask};

use super::InputRanges;
use crate::operators::byte_rounding::{rounded_rows, rounded_within, row_ranges, with_rounded_gradient};
use crate::translation::noise::Noise;
use crate::translation::piece::pieces;
use crate::translation::tap::LayerTap;

/// Training for 8 bits (Banner et al., arXiv 1805.11046): every pass computes with values that 8 bits can hold, and
/// trained tensors stay floats.
///
/// Weights of linear layers are rounded to 256 values per output, kernels to 256 values each, inputs of linear layers to
/// 256 values per tensor; gradients pass those roundings unchanged. Gradients of the outputs of linear layers are rounded
/// stochastically to 256 values per tensor. Shift layers keep their powers of two. Unlike in the release the attention to
/// the encoder is no exception. Biases, norms, the embedding and the products inside of attentions stay floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EightBitTraining {
    /// Where the range of inputs ends.
    pub largest_input: LargestInput,
}

/// Where the range of inputs ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LargestInput {
    /// At the largest input.
    #[default]
    Exact,
    /// At the smallest of the positions' largest inputs, which clips most positions (a slip of the release).
    Released,
}

impl LargestInput {
    /// Returns the range of some positions' inputs.
    fn range(self, positions: &[(f32, f32)]) -> (f32, f32) {
        let low = positions.iter().fold(f32::INFINITY, |low, range| low.min(range.0));
        let highs = positions.iter().map(|range| range.1);
        let high = match self {
            LargestInput::Exact => highs.fold(f32::NEG_INFINITY, f32::max),
            LargestInput::Released => highs.fold(f32::INFINITY, f32::min),
        };
        (low, high)
    }
}

/// What training for 8 bits remembers.
#[derive(Debug)]
pub(crate) struct EightBits {
    settings: EightBitTraining,
    ranges: RefCell<InputRanges>,
}

impl EightBits {
    pub fn new(settings: EightBitTraining) -> Self {
        Self { settings, ranges: RefCell::default() }
    }

    /// Returns the running ranges.
    pub fn ranges(&self) -> InputRanges {
        self.ranges.borrow().clone()
    }

    /// Goes back to running ranges of before.
    pub fn restore(&mut self, ranges: InputRanges) {
        self.ranges = RefCell::new(ranges);
    }

    /// Moves a layer's running range to 0.1 of itself and 0.9 of the new one.
    fn follow(&self, layer: &str, (low, high): (f32, f32)) {
        const KEPT: f32 = 0.1;
        let mut ranges = self.ranges.borrow_mut();
        let running = ranges.entry(layer.to_owned()).or_insert((low, high));
        *running = (KEPT * running.0 + (1.0 - KEPT) * low, KEPT * running.1 + (1.0 - KEPT) * high);
    }
}

/// One batch of training for 8 bits.
pub(crate) struct RoundedBatch<'a> {
    eight_bits: &'a EightBits,
    /// Layers whose weights are powers of two.
    shifting: BTreeSet<String>,
    noise: Noise,
}

impl<'a> RoundedBatch<'a> {
    /// Returns a batch for one architecture.
    pub fn new(
        eight_bits: &'a EightBits,
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        noise: Noise,
    ) -> Self {
        let shifting = pieces(architecture, task).into_iter().filter(|piece| piece.shifts());
        Self { eight_bits, shifting: shifting.map(|piece| piece.name).collect(), noise }
    }
}

impl LayerTap for RoundedBatch<'_> {
    fn input(&self, layer: &str, input: Tensor<2>) -> Tensor<2> {
        let range = self.eight_bits.settings.largest_input.range(&row_ranges(input.clone()));
        self.eight_bits.follow(layer, range);
        rounded_within(input, range)
    }

    fn weight(&self, layer: &str, weight: Tensor<2>) -> Tensor<2> {
        if self.shifting.contains(layer) { weight } else { rounded_rows(weight) }
    }

    fn output(&self, output: Tensor<2>) -> Tensor<2> {
        with_rounded_gradient(output, self.noise.key())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use spaces::{LinearForm, Mix};

    use super::*;
    use crate::translation::quantization::quantize_translation_within;
    use crate::translation::tests::samples::{architecture, reversals, subnet, task};
    use crate::translation::{NetworkSettings, TranslationInference, TranslationTrainer, TranslationTraining};

    #[test]
    fn the_released_range_ends_at_the_smallest_of_the_largest() {
        let positions = [(-1.0, 2.0), (-3.0, 5.0), (0.5, 1.0)];
        assert_eq!(LargestInput::Exact.range(&positions), (-3.0, 5.0));
        assert_eq!(LargestInput::Released.range(&positions), (-3.0, 1.0));
    }

    #[test]
    fn running_ranges_are_nine_tenths_the_last() {
        let eight_bits = EightBits::new(EightBitTraining::default());
        eight_bits.follow("layer", (-1.0, 1.0));
        eight_bits.follow("layer", (-2.0, 11.0));
        let (low, high) = eight_bits.ranges()["layer"];
        assert!((low + 1.9).abs() < 1e-6 && (high - 10.0).abs() < 1e-6, "{low} to {high}");
    }

    #[test]
    fn training_for_8_bits_learns_and_its_ranges_make_an_8_bit_network() {
        let architecture = architecture(&[Mix::AttentionShift], &[Mix::AttentionAdd], LinearForm::Dense);
        let eight_bit = Some(EightBitTraining::default());
        let training =
            TranslationTraining { updates: 120, peak_rate: 5e-3, warmup_updates: 20, eight_bit, ..Default::default() };
        let mut trainer = TranslationTrainer::new(subnet(&architecture, &NetworkSettings::default()), &training, 1);
        let losses: Vec<f64> = (0..training.updates)
            .map(|update| trainer.update(&[reversals(32, 4, update as u64)], &architecture).nll_bits)
            .collect();
        assert!(losses[119] < 0.75 * losses[0], "{} bits after {}", losses[119], losses[0]);
        let ranges = trainer.input_ranges();
        let cross = ranges["decoder.0.cross.key"];
        assert!(cross.0 < 0.0 && cross.1 > 0.0, "the attention to the encoder is rounded too: {cross:?}");
        let weights = trainer.network.export(&architecture);
        let stored = quantize_translation_within(&architecture, &task(), &weights, &ranges).unwrap();
        let device = Device::flex();
        let float = TranslationInference::of_weights(&architecture, &task(), &weights, &device).unwrap();
        let bytes = TranslationInference::of_quantized(&architecture, &task(), &stored, &device).unwrap();
        let held_out = reversals(40, 4, 1 << 40);
        let [float, bytes] = [float, bytes].map(|network| {
            let loss = network.loss(&held_out, 0.0);
            loss.nll_bits / loss.tokens as f64
        });
        // Measured: 0.0005 bits apart.
        assert!((float - bytes).abs() < 0.02, "{float} bits as floats, {bytes} as bytes");
    }

    #[test]
    fn the_same_seed_rounds_to_the_same_network() {
        let architecture = architecture(&[Mix::Attention], &[Mix::AttentionShift], LinearForm::Shift);
        let training = TranslationTraining {
            eight_bit: Some(EightBitTraining { largest_input: LargestInput::Released }),
            ..TranslationTraining::default()
        };
        let run = |seed| {
            let network = subnet(&architecture, &NetworkSettings::default());
            let mut trainer = TranslationTrainer::new(network, &training, seed);
            for update in 0..3 {
                trainer.update(&[reversals(8, 4, update)], &architecture);
            }
            trainer.snapshot()
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5).tensors, run(6).tensors);
    }
}
