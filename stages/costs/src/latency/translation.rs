use spaces::{DecoderLayer, EncoderLayer, LayerPlace, LinearForm, Mix, TransformerArchitecture};

use super::{BlockType, LatencyError, LatencyQuery, StackCodes, Stacks};

impl BlockType {
    /// Returns the block type of a layer that mixes positions in this way.
    pub const fn of_mix(mix: Mix) -> BlockType {
        match mix {
            Mix::Attention => BlockType::Attention,
            Mix::Conv => BlockType::Conv,
            Mix::Add => BlockType::Add,
            Mix::Shift => BlockType::ShiftAdd,
            Mix::AttentionConv => BlockType::AttentionConv,
            Mix::AttentionAdd => BlockType::AttentionAdd,
            Mix::AttentionShift => BlockType::AttentionShiftAdd,
        }
    }
}

impl LatencyQuery {
    /// Returns the ten numbers of a translation network ([`HAT_FEATURES`](super::HAT_FEATURES)) and, where the predictor
    /// wants them, its block types.
    ///
    /// # Errors
    /// [`LatencyError::Query`] if a linear layer is not dense: the numbers do not tell, nor do any published rows.
    pub fn of_transformer(architecture: &TransformerArchitecture, stacks: StackCodes) -> Result<Self, LatencyError> {
        let (encoder, decoder) = (&architecture.sizes().encoder, &architecture.sizes().decoder);
        for (index, layer) in encoder.layers.iter().enumerate() {
            dense(LayerPlace::Encoder(index), [layer.mlp_form, layer.projection_form])?;
        }
        for (index, layer) in decoder.layers.iter().enumerate() {
            dense(LayerPlace::Decoder(index), [layer.mlp_form, layer.projection_form])?;
        }
        let in_encoder = |of: fn(&EncoderLayer) -> usize| mean(encoder.layers.iter().map(of));
        let in_decoder = |of: fn(&DecoderLayer) -> usize| mean(decoder.layers.iter().map(of));
        let numbers = vec![
            encoder.width as f64,
            encoder.layers.len() as f64,
            in_encoder(|layer| layer.mlp_width),
            in_encoder(|layer| layer.heads),
            decoder.width as f64,
            decoder.layers.len() as f64,
            in_decoder(|layer| layer.mlp_width),
            in_decoder(|layer| layer.self_heads),
            in_decoder(|layer| layer.cross_heads),
            in_decoder(|layer| layer.sources),
        ];
        let stacks = match stacks {
            StackCodes::Absent => None,
            StackCodes::OneHot => Some(Stacks {
                encoder: encoder.layers.iter().map(|layer| BlockType::of_mix(layer.mix)).collect(),
                decoder: decoder.layers.iter().map(|layer| BlockType::of_mix(layer.mix)).collect(),
            }),
        };
        Ok(Self { numbers, stacks })
    }
}

fn dense(place: LayerPlace, forms: [LinearForm; 2]) -> Result<(), LatencyError> {
    let other = forms.into_iter().find(|form| match form {
        LinearForm::Dense => false,
        LinearForm::Shift | LinearForm::Add => true,
    });
    let Some(form) = other else { return Ok(()) };
    let wanted = "networks whose linear layers are all `dense`".to_owned();
    Err(LatencyError::Query { wanted, found: format!("`{form}` in {place}") })
}

fn mean(values: impl ExactSizeIterator<Item = usize>) -> f64 {
    let count = values.len();
    values.sum::<usize>() as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::{Encoding, HAT_FEATURES};
    use crate::{translation_network, translation_networks};

    /// In Python: means of [2048, 1024, 3072, 1024, 1024, 4096], [4, 16, 8, 16, 8, 4], [4096, 4096], [4, 16], [4, 4].
    #[test]
    fn a_published_network_has_ten_numbers_and_its_blocks() {
        let architecture = translation_network("en-de@150ms_update").expect("published");
        let query = LatencyQuery::of_transformer(&architecture, StackCodes::OneHot).expect("dense");
        let numbers = [512.0, 6.0, 2048.0, 56.0 / 6.0, 512.0, 2.0, 4096.0, 10.0, 4.0, 3.0];
        assert_eq!(query.numbers, numbers);
        assert_eq!(HAT_FEATURES.len(), numbers.len());
        let (conv, attention) = (BlockType::AttentionConv, BlockType::Attention);
        let encoder = vec![conv, attention, conv, conv, attention, attention];
        assert_eq!(query.stacks, Some(Stacks { encoder, decoder: vec![conv, attention] }));
    }

    #[test]
    fn every_published_network_can_be_asked_about() {
        for named in translation_networks() {
            for stacks in [StackCodes::Absent, StackCodes::OneHot] {
                let query = LatencyQuery::of_transformer(&named.architecture, stacks).expect("dense");
                let inputs = Encoding::hat(stacks).encode(&query).expect("ten numbers, at most six layers");
                assert_eq!(inputs.len(), Encoding::hat(stacks).input_names().len(), "{}", named.name);
            }
        }
    }

    #[test]
    fn a_network_with_another_linear_layer_is_refused_with_its_place() {
        let mut sizes = translation_network("en-de@150ms_update").expect("published").sizes().clone();
        sizes.decoder.layers[1].mlp_form = LinearForm::Shift;
        let architecture = TransformerArchitecture::new(sizes).expect("forms fit every size");
        let error = LatencyQuery::of_transformer(&architecture, StackCodes::OneHot).expect_err("a shift layer");
        let wanted = "the predictor wants networks whose linear layers are all `dense`, the query has `shift` in decoder \
                      layer 1";
        assert_eq!(error.to_string(), wanted);
    }
}
