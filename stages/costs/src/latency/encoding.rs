use serde::{Deserialize, Serialize};

use super::{BlockType, HAT_FEATURES, LONGEST_STACK, LatencyError, LatencyQuery};

/// How a network becomes the inputs of a predictor: its numbers, each divided by its norm, then the one-hot codes of
/// its blocks (6 places of 7 for the encoder and as many for the decoder; a layer that is not there is all zero).
/// With all of them these are the 94 inputs of ShiftAddNAS (arXiv 2205.08119).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// The numbers.
    pub features: Vec<Feature>,
    /// Whether block types follow.
    pub stacks: StackCodes,
}

/// One number of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Name of its column.
    pub name: String,
    /// What it is divided by.
    pub norm: f64,
}

/// Whether the block types of encoder and decoder are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackCodes {
    /// Numbers alone.
    Absent,
    /// One-hot codes of encoder and decoder.
    OneHot,
}

impl Encoding {
    /// Returns the encoding of HAT's ten numbers.
    pub fn hat(stacks: StackCodes) -> Self {
        let features = HAT_FEATURES.map(|(name, norm)| Feature { name: name.to_owned(), norm });
        Self { features: features.to_vec(), stacks }
    }

    /// Returns an encoding that takes numbers as they are.
    pub fn of_names(names: impl IntoIterator<Item = String>) -> Self {
        let features = names.into_iter().map(|name| Feature { name, norm: 1.0 }).collect();
        Self { features, stacks: StackCodes::Absent }
    }

    /// Returns the names of the inputs; `decoder_block_3=lightweight_add` is 1 where the third one is an add block.
    pub fn input_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.features.iter().map(|feature| feature.name.clone()).collect();
        match self.stacks {
            StackCodes::Absent => (),
            StackCodes::OneHot => ["encoder", "decoder"].iter().for_each(|stack| {
                for layer in 1..=LONGEST_STACK {
                    names.extend(BlockType::ALL.map(|block| format!("{stack}_block_{layer}={}", block.name())));
                }
            }),
        }
        names
    }

    /// Returns the inputs of a network.
    ///
    /// # Errors
    /// If it has more or fewer numbers, block types where there are none, none where there are some, or more layers
    /// than the code has places.
    pub fn encode(&self, query: &LatencyQuery) -> Result<Vec<f64>, LatencyError> {
        let refuse = |wanted: String, found: String| Err(LatencyError::Query { wanted, found });
        let (wanted, found) = (self.features.len(), query.numbers.len());
        if wanted != found {
            return refuse(format!("{wanted} numbers"), format!("{found}"));
        }
        let numbers = query.numbers.iter().zip(&self.features).map(|(number, feature)| number / feature.norm);
        let mut inputs: Vec<f64> = numbers.collect();
        match (self.stacks, &query.stacks) {
            (StackCodes::Absent, None) => (),
            (StackCodes::Absent, Some(_)) => return refuse("no block types".to_owned(), "some".to_owned()),
            (StackCodes::OneHot, None) => return refuse("block types".to_owned(), "none".to_owned()),
            (StackCodes::OneHot, Some(stacks)) => {
                for stack in [&stacks.encoder, &stacks.decoder] {
                    if stack.len() > LONGEST_STACK {
                        return refuse(format!("at most {LONGEST_STACK} layers"), format!("{}", stack.len()));
                    }
                    inputs.extend(one_hot(stack));
                }
            }
        }
        Ok(inputs)
    }
}

fn one_hot(stack: &[BlockType]) -> impl Iterator<Item = f64> {
    let places = (0..LONGEST_STACK).map(|layer| stack.get(layer).copied());
    places.flat_map(|found| BlockType::ALL.map(|block| f64::from(u8::from(found == Some(block)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Stacks;

    #[test]
    fn a_network_with_blocks_has_the_94_inputs_of_the_paper() {
        let encoding = Encoding::hat(StackCodes::OneHot);
        let stacks = Stacks { encoder: vec![BlockType::Attention; 6], decoder: vec![BlockType::AttentionAdd] };
        let numbers = vec![512.0, 6.0, 2048.0, 3.0, 1024.0, 1.0, 1024.0, 6.0, 12.0, 1.0];
        let inputs = encoding.encode(&LatencyQuery { numbers, stacks: Some(stacks) }).unwrap();
        assert_eq!((inputs.len(), encoding.input_names().len()), (94, 94));
        assert_eq!(inputs[..10], [0.5, 1.0, 0.5, 0.5, 1.0, 1.0 / 6.0, 0.25, 1.0, 2.0, 0.5]);
        let names = encoding.input_names();
        let on: Vec<&String> =
            names.iter().zip(&inputs).skip(10).filter(|(_, on)| **on == 1.0).map(|on| on.0).collect();
        assert_eq!(on.len(), 7);
        assert_eq!(on[5..], ["encoder_block_6=self_attention", "decoder_block_1=self_attention+lightweight_add"]);
    }

    #[test]
    fn a_query_of_another_form_is_refused() {
        let encoding = Encoding::hat(StackCodes::OneHot);
        let message = |numbers, stacks| encoding.encode(&LatencyQuery { numbers, stacks }).unwrap_err().to_string();
        assert_eq!(message(vec![1.0; 9], None), "the predictor wants 10 numbers, the query has 9");
        assert_eq!(message(vec![1.0; 10], None), "the predictor wants block types, the query has none");
        let stacks = Stacks { encoder: vec![BlockType::Add; 7], decoder: Vec::new() };
        assert_eq!(message(vec![1.0; 10], Some(stacks)), "the predictor wants at most 6 layers, the query has 7");
    }
}
