use std::fmt::Display;

use super::{DecoderLayer, EncoderLayer};
use super::{
    HybridTransformer, MAX_LAYERS, MAX_SOURCES, MAX_WIDTH, Mix, TransformerArchitecture, TransformerDecoder,
    TransformerEncoder, TransformerError, TransformerSizes, within,
};

/// Most values of a list of choices.
const MAX_CHOICES: usize = 1024;

impl HybridTransformer {
    /// Returns `Ok` if all that the space offers fits together and its architectures can be counted.
    ///
    /// # Errors
    /// A list is empty or has a value twice, a size is 0 or absurdly large, heads do not divide the inner width, a width
    /// does not fit a mix of its side, a decoder layer could read more layers than the shortest encoder has, or there
    /// are more than 2^128 architectures.
    pub fn check(&self) -> Result<(), TransformerError> {
        within("inner_width", self.inner_width, MAX_WIDTH)?;
        self.check_lists()?;
        self.check_heads("encoder.heads", &self.encoder.heads)?;
        self.check_heads("decoder.self_heads", &self.decoder.self_heads)?;
        self.check_heads("decoder.cross_heads", &self.decoder.cross_heads)?;
        mixes("encoder.widths", &self.encoder.widths, &self.encoder.mixes)?;
        mixes("decoder.widths", &self.decoder.widths, &self.decoder.mixes)?;
        let most = least(&self.encoder.layers).min(MAX_SOURCES);
        if let Some(&found) = self.decoder.sources.iter().find(|sources| !(1..=most).contains(*sources)) {
            return Err(TransformerError::OfferedSources { found, most });
        }
        self.size().map(|_| ())
    }

    /// Returns the architecture with the largest of all that has an order: every network of the space reads parts of its
    /// matrices. Mixes and forms are those offered first. The space must be one that [`HybridTransformer::check`] accepts.
    pub fn largest(&self) -> TransformerArchitecture {
        let (encoder, decoder) = (&self.encoder, &self.decoder);
        let encoder_layer = EncoderLayer {
            mlp_width: most(&encoder.mlp_widths),
            heads: most(&encoder.heads),
            mix: encoder.mixes[0],
            mlp_form: encoder.mlp_forms[0],
            projection_form: encoder.projection_forms[0],
        };
        let decoder_layer = DecoderLayer {
            mlp_width: most(&decoder.mlp_widths),
            self_heads: most(&decoder.self_heads),
            cross_heads: most(&decoder.cross_heads),
            sources: most(&decoder.sources),
            mix: decoder.mixes[0],
            mlp_form: decoder.mlp_forms[0],
            projection_form: decoder.projection_forms[0],
        };
        let sizes = TransformerSizes {
            inner_width: self.inner_width,
            encoder: TransformerEncoder {
                width: most(&encoder.widths),
                layers: vec![encoder_layer; most(&encoder.layers)],
            },
            decoder: TransformerDecoder {
                width: most(&decoder.widths),
                layers: vec![decoder_layer; most(&decoder.layers)],
            },
        };
        TransformerArchitecture::new(sizes).expect("a checked space offers only what fits together")
    }

    fn check_lists(&self) -> Result<(), TransformerError> {
        let (encoder, decoder) = (&self.encoder, &self.decoder);
        sizes("encoder.widths", &encoder.widths, MAX_WIDTH)?;
        sizes("encoder.layers", &encoder.layers, MAX_LAYERS)?;
        sizes("encoder.mlp_widths", &encoder.mlp_widths, MAX_WIDTH)?;
        sizes("encoder.heads", &encoder.heads, MAX_WIDTH)?;
        different("encoder.mixes", &encoder.mixes)?;
        different("encoder.mlp_forms", &encoder.mlp_forms)?;
        different("encoder.projection_forms", &encoder.projection_forms)?;
        sizes("decoder.widths", &decoder.widths, MAX_WIDTH)?;
        sizes("decoder.layers", &decoder.layers, MAX_LAYERS)?;
        sizes("decoder.mlp_widths", &decoder.mlp_widths, MAX_WIDTH)?;
        sizes("decoder.self_heads", &decoder.self_heads, MAX_WIDTH)?;
        sizes("decoder.cross_heads", &decoder.cross_heads, MAX_WIDTH)?;
        different("decoder.sources", &decoder.sources)?;
        different("decoder.mixes", &decoder.mixes)?;
        different("decoder.mlp_forms", &decoder.mlp_forms)?;
        different("decoder.projection_forms", &decoder.projection_forms)
    }

    fn check_heads(&self, list: &'static str, heads: &[usize]) -> Result<(), TransformerError> {
        let inner_width = self.inner_width;
        match heads.iter().find(|heads| !inner_width.is_multiple_of(**heads)) {
            Some(&heads) => Err(TransformerError::OfferedHeads { list, heads, inner_width }),
            None => Ok(()),
        }
    }
}

fn mixes(list: &'static str, widths: &[usize], mixes: &[Mix]) -> Result<(), TransformerError> {
    for &width in widths {
        if let Some(&mix) = mixes.iter().find(|mix| !width.is_multiple_of(mix.width_divisor())) {
            return Err(TransformerError::OfferedWidth { list, width, mix, divisor: mix.width_divisor() });
        }
    }
    Ok(())
}

fn sizes(list: &'static str, values: &[usize], max: usize) -> Result<(), TransformerError> {
    different(list, values)?;
    values.iter().try_for_each(|&value| within(list, value, max))
}

fn different<T: Display + PartialEq>(list: &'static str, values: &[T]) -> Result<(), TransformerError> {
    if values.is_empty() {
        return Err(TransformerError::NoChoice { list });
    }
    if values.len() > MAX_CHOICES {
        return Err(TransformerError::TooManyChoices { list, found: values.len(), max: MAX_CHOICES });
    }
    match values.iter().enumerate().find(|(index, value)| values[..*index].contains(value)) {
        Some((_, value)) => Err(TransformerError::RepeatedChoice { list, value: value.to_string() }),
        None => Ok(()),
    }
}

fn least(values: &[usize]) -> usize {
    values.iter().copied().min().unwrap_or(0)
}

fn most(values: &[usize]) -> usize {
    values.iter().copied().max().unwrap_or(0)
}
