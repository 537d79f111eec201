use std::fmt::Write;

use super::{
    DecoderLayer, EncoderLayer, LinearForm, Mix, TransformerArchitecture, TransformerDecoder, TransformerEncoder,
    TransformerSizes,
};
use crate::GenomeError;

impl TransformerArchitecture {
    /// Returns the architecture as people read it, without the inner width of attention, for example
    /// `512-AD1024h8-A3072sh16_512-Ad4096h8x4e3`.
    ///
    /// Encoder and decoder are separated by `_`, a side's width and its layers by `-`. A layer is its mix, its MLP
    /// width, `h` and heads of self-attention; in the decoder also `x` and heads of attention to the encoder, `e` and
    /// encoder layers read. Behind the mix stands the form of the projections, behind the MLP width that of the MLP:
    /// `s` shift, `d` add, nothing dense.
    pub fn name(&self) -> String {
        let sizes = self.sizes();
        let mut text = sizes.encoder.width.to_string();
        for layer in &sizes.encoder.layers {
            let EncoderLayer { mlp_width, heads, mix, mlp_form, projection_form } = *layer;
            text.push_str(&mixed(mix, projection_form, mlp_width, mlp_form));
            let _ = write!(text, "h{heads}");
        }
        let _ = write!(text, "_{}", sizes.decoder.width);
        for layer in &sizes.decoder.layers {
            let DecoderLayer { mlp_width, self_heads, cross_heads, sources, mix, mlp_form, projection_form } = *layer;
            text.push_str(&mixed(mix, projection_form, mlp_width, mlp_form));
            let _ = write!(text, "h{self_heads}x{cross_heads}e{sources}");
        }
        text
    }
}

fn mixed(mix: Mix, projection: LinearForm, mlp_width: usize, mlp: LinearForm) -> String {
    format!("-{mix}{}{mlp_width}{}", letter(projection), letter(mlp))
}

const fn letter(form: LinearForm) -> &'static str {
    match form {
        LinearForm::Dense => "",
        LinearForm::Shift => "s",
        LinearForm::Add => "d",
    }
}

/// Returns the sizes that [`TransformerArchitecture::name`] printed.
pub(super) fn parse(text: &str, inner_width: usize) -> Result<TransformerSizes, GenomeError> {
    let mut reader = Reader { text, rest: text };
    let encoder = reader.encoder()?;
    reader.expect("_", "`-` and a layer, or `_` and the decoder")?;
    let decoder = reader.decoder()?;
    if !reader.rest.is_empty() {
        return Err(reader.error("`-` and a layer, or the end"));
    }
    Ok(TransformerSizes { inner_width, encoder, decoder })
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn encoder(&mut self) -> Result<TransformerEncoder, GenomeError> {
        let width = self.number("the encoder's width")?;
        let mut layers = Vec::new();
        while self.take("-") {
            let (mix, projection_form, mlp_width, mlp_form) = self.mixed()?;
            let heads = self.counted("h", "`h` and heads")?;
            layers.push(EncoderLayer { mlp_width, heads, mix, mlp_form, projection_form });
        }
        Ok(TransformerEncoder { width, layers })
    }

    fn decoder(&mut self) -> Result<TransformerDecoder, GenomeError> {
        let width = self.number("the decoder's width")?;
        let mut layers = Vec::new();
        while self.take("-") {
            let (mix, projection_form, mlp_width, mlp_form) = self.mixed()?;
            let self_heads = self.counted("h", "`h` and heads")?;
            let cross_heads = self.counted("x", "`x` and heads of attention to the encoder")?;
            let sources = self.counted("e", "`e` and encoder layers read")?;
            layers.push(DecoderLayer { mlp_width, self_heads, cross_heads, sources, mix, mlp_form, projection_form });
        }
        Ok(TransformerDecoder { width, layers })
    }

    fn mixed(&mut self) -> Result<(Mix, LinearForm, usize, LinearForm), GenomeError> {
        let letters = self.rest.bytes().take_while(u8::is_ascii_uppercase).count();
        let found = Mix::ALL.into_iter().find(|mix| mix.letters() == &self.rest[..letters]);
        let mix = found.ok_or_else(|| self.error("one of C, D, S, A, AC, AD, AS"))?;
        self.rest = &self.rest[letters..];
        let projection = self.form();
        let mlp_width = self.number("the width of the MLP")?;
        Ok((mix, projection, mlp_width, self.form()))
    }

    fn form(&mut self) -> LinearForm {
        let found = LinearForm::ALL.into_iter().find(|form| !letter(*form).is_empty() && self.take(letter(*form)));
        found.unwrap_or(LinearForm::Dense)
    }

    fn counted(&mut self, mark: &str, wanted: &'static str) -> Result<usize, GenomeError> {
        self.expect(mark, wanted)?;
        self.number(wanted)
    }

    fn expect(&mut self, mark: &str, wanted: &'static str) -> Result<(), GenomeError> {
        if self.take(mark) { Ok(()) } else { Err(self.error(wanted)) }
    }

    fn take(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn number(&mut self, wanted: &'static str) -> Result<usize, GenomeError> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at(digits);
        let number = number.parse().ok().filter(|_| digits == 1 || !number.starts_with('0'));
        let number = number.ok_or_else(|| self.error(wanted))?;
        self.rest = rest;
        Ok(number)
    }

    fn error(&self, wanted: &'static str) -> GenomeError {
        let before = self.text.len() - self.rest.len();
        let found = self.rest.chars().next().map_or("the end".to_owned(), |found| format!("`{found}`"));
        GenomeError::Text { text: self.text.to_owned(), wanted, at: self.text[..before].chars().count(), found }
    }
}
