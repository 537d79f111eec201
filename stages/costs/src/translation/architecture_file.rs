use serde::{Deserialize, Serialize};
use spaces::{
    DecoderLayer, EncoderLayer, LinearForm, Mix, TransformerArchitecture, TransformerDecoder, TransformerEncoder,
    TransformerError, TransformerSizes,
};
use thiserror::Error;

/// Why a text is no architecture file.
#[derive(Debug, Error)]
pub enum ArchitectureFileError {
    /// It is no TOML, or a key is missing, unknown or of another type. The message tells line and column.
    #[error(transparent)]
    Syntax(#[from] toml::de::Error),
    /// A list of one side is shorter or longer than its mixes.
    #[error("`{list}` lists {found} layers, `mixes` of the same side {wanted}")]
    Lengths {
        /// The list.
        list: &'static str,
        /// Layers by the mixes.
        wanted: usize,
        /// Layers by the list.
        found: usize,
    },
    /// The sizes make no network.
    #[error(transparent)]
    Sizes(#[from] TransformerError),
}

/// Returns the architecture that a TOML text describes: a file that people write and a manifest names.
///
/// Each side is a table of its width and of lists over its layers, as in the file of the published networks:
///
/// ```toml
/// inner_width = 512
///
/// [encoder]
/// width = 512
/// mlp_widths = [2048, 1024]
/// heads = [4, 16]
/// mixes = ["AC", "A"]
/// mlp_forms = ["dense", "shift"]
///
/// [decoder]
/// width = 512
/// mlp_widths = [4096]
/// self_heads = [8]
/// cross_heads = [4]
/// sources = [2]
/// mixes = ["A"]
/// ```
///
/// `mlp_forms` and `projection_forms` may be left out: then all linear layers are dense.
///
/// # Errors
/// The text is no such TOML, lists of a side differ in length, or the sizes do not fit together.
pub fn read_transformer(toml_text: &str) -> Result<TransformerArchitecture, ArchitectureFileError> {
    toml::from_str::<TransformerLists>(toml_text)?.architecture()
}

/// Returns the file of an architecture, which [`read_transformer`] reads.
pub fn write_transformer(architecture: &TransformerArchitecture) -> String {
    toml::to_string(&TransformerLists::of(architecture)).expect("numbers and names are TOML")
}

/// An architecture as lists over layers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TransformerLists {
    inner_width: usize,
    encoder: EncoderLists,
    decoder: DecoderLists,
}

/// The encoder as lists over layers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EncoderLists {
    width: usize,
    mlp_widths: Vec<usize>,
    heads: Vec<usize>,
    mixes: Vec<Mix>,
    mlp_forms: Option<Vec<LinearForm>>,
    projection_forms: Option<Vec<LinearForm>>,
}

/// The decoder as lists over layers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecoderLists {
    width: usize,
    mlp_widths: Vec<usize>,
    self_heads: Vec<usize>,
    cross_heads: Vec<usize>,
    sources: Vec<usize>,
    mixes: Vec<Mix>,
    mlp_forms: Option<Vec<LinearForm>>,
    projection_forms: Option<Vec<LinearForm>>,
}

/// Returns the architecture of both sides.
pub(super) fn architecture(
    inner_width: usize,
    encoder: &EncoderLists,
    decoder: &DecoderLists,
) -> Result<TransformerArchitecture, ArchitectureFileError> {
    let (encoder, decoder) = (encoder.side()?, decoder.side()?);
    Ok(TransformerArchitecture::new(TransformerSizes { inner_width, encoder, decoder })?)
}

impl TransformerLists {
    fn of(architecture: &TransformerArchitecture) -> Self {
        let TransformerSizes { inner_width, encoder, decoder } = architecture.sizes();
        Self { inner_width: *inner_width, encoder: EncoderLists::of(encoder), decoder: DecoderLists::of(decoder) }
    }

    fn architecture(&self) -> Result<TransformerArchitecture, ArchitectureFileError> {
        architecture(self.inner_width, &self.encoder, &self.decoder)
    }
}

impl EncoderLists {
    fn of(encoder: &TransformerEncoder) -> Self {
        let layers = &encoder.layers;
        Self {
            width: encoder.width,
            mlp_widths: layers.iter().map(|layer| layer.mlp_width).collect(),
            heads: layers.iter().map(|layer| layer.heads).collect(),
            mixes: layers.iter().map(|layer| layer.mix).collect(),
            mlp_forms: told(layers.iter().map(|layer| layer.mlp_form)),
            projection_forms: told(layers.iter().map(|layer| layer.projection_form)),
        }
    }

    fn side(&self) -> Result<TransformerEncoder, ArchitectureFileError> {
        let layers = self.mixes.len();
        equal("encoder.mlp_widths", layers, self.mlp_widths.len())?;
        equal("encoder.heads", layers, self.heads.len())?;
        let mlp_forms = forms("encoder.mlp_forms", layers, self.mlp_forms.as_deref())?;
        let projection_forms = forms("encoder.projection_forms", layers, self.projection_forms.as_deref())?;
        let layer = |index: usize| EncoderLayer {
            mlp_width: self.mlp_widths[index],
            heads: self.heads[index],
            mix: self.mixes[index],
            mlp_form: mlp_forms[index],
            projection_form: projection_forms[index],
        };
        Ok(TransformerEncoder { width: self.width, layers: (0..layers).map(layer).collect() })
    }
}

impl DecoderLists {
    fn of(decoder: &TransformerDecoder) -> Self {
        let layers = &decoder.layers;
        Self {
            width: decoder.width,
            mlp_widths: layers.iter().map(|layer| layer.mlp_width).collect(),
            self_heads: layers.iter().map(|layer| layer.self_heads).collect(),
            cross_heads: layers.iter().map(|layer| layer.cross_heads).collect(),
            sources: layers.iter().map(|layer| layer.sources).collect(),
            mixes: layers.iter().map(|layer| layer.mix).collect(),
            mlp_forms: told(layers.iter().map(|layer| layer.mlp_form)),
            projection_forms: told(layers.iter().map(|layer| layer.projection_form)),
        }
    }

    fn side(&self) -> Result<TransformerDecoder, ArchitectureFileError> {
        let layers = self.mixes.len();
        equal("decoder.mlp_widths", layers, self.mlp_widths.len())?;
        equal("decoder.self_heads", layers, self.self_heads.len())?;
        equal("decoder.cross_heads", layers, self.cross_heads.len())?;
        equal("decoder.sources", layers, self.sources.len())?;
        let mlp_forms = forms("decoder.mlp_forms", layers, self.mlp_forms.as_deref())?;
        let projection_forms = forms("decoder.projection_forms", layers, self.projection_forms.as_deref())?;
        let layer = |index: usize| DecoderLayer {
            mlp_width: self.mlp_widths[index],
            self_heads: self.self_heads[index],
            cross_heads: self.cross_heads[index],
            sources: self.sources[index],
            mix: self.mixes[index],
            mlp_form: mlp_forms[index],
            projection_form: projection_forms[index],
        };
        Ok(TransformerDecoder { width: self.width, layers: (0..layers).map(layer).collect() })
    }
}

/// Returns the forms of layers unless all are dense.
fn told(forms: impl Iterator<Item = LinearForm>) -> Option<Vec<LinearForm>> {
    let forms: Vec<LinearForm> = forms.collect();
    let all_dense = forms.iter().all(|form| *form == LinearForm::Dense);
    (!all_dense).then_some(forms)
}

fn forms(
    list: &'static str,
    layers: usize,
    forms: Option<&[LinearForm]>,
) -> Result<Vec<LinearForm>, ArchitectureFileError> {
    let forms = forms.map_or_else(|| vec![LinearForm::Dense; layers], <[LinearForm]>::to_vec);
    equal(list, layers, forms.len())?;
    Ok(forms)
}

const fn equal(list: &'static str, wanted: usize, found: usize) -> Result<(), ArchitectureFileError> {
    if wanted == found { Ok(()) } else { Err(ArchitectureFileError::Lengths { list, wanted, found }) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;
    use spaces::{HybridTransformer, SearchSpace};

    use super::*;
    use crate::{translation_network, translation_networks};

    const FILE: &str = r#"inner_width = 512

[encoder]
width = 512
mlp_widths = [2048, 1024]
heads = [4, 16]
mixes = ["AC", "A"]
mlp_forms = ["dense", "shift"]

[decoder]
width = 768
mlp_widths = [4096]
self_heads = [8]
cross_heads = [4]
sources = [2]
mixes = ["A"]
"#;

    #[test]
    fn a_file_is_read_and_written_as_people_write_it() {
        let architecture = read_transformer(FILE).expect("an architecture");
        assert_eq!(architecture.name(), "512-AC2048h4-A1024sh16_768-A4096h8x4e2");
        assert_eq!(write_transformer(&architecture), FILE);
    }

    #[test]
    fn every_published_and_many_random_networks_read_back() {
        let mut space = HybridTransformer::en_de_v1();
        space.encoder.mlp_forms = LinearForm::ALL.to_vec();
        space.decoder.projection_forms = LinearForm::ALL.to_vec();
        let mut rng = ChaCha12Rng::seed_from_u64(6);
        let random: Vec<_> = (0..50).map(|_| space.decode(&space.sample(&mut rng))).collect();
        for architecture in translation_networks().iter().map(|named| &named.architecture).chain(&random) {
            assert_eq!(read_transformer(&write_transformer(architecture)).expect("as written"), *architecture);
        }
        let dense = write_transformer(&translation_network("en-de@350ms_update").expect("published"));
        assert!(!dense.contains("forms"), "{dense}");
    }

    #[test]
    fn a_wrong_file_is_told_by_its_line_its_list_or_its_size() {
        let message =
            |from: &str, to: &str| read_transformer(&FILE.replacen(from, to, 1)).expect_err("wrong").to_string();
        let line = message("heads", "head");
        assert!(line.starts_with("TOML parse error at line 6, column 1"), "{line}");
        let mix = message("\"AC\"", "\"CA\"");
        assert!(mix.starts_with("TOML parse error at line 7, column 10"), "{mix}");
        let list = "`encoder.mlp_forms` lists 1 layers, `mixes` of the same side 2";
        assert_eq!(message("\"dense\", ", ""), list);
        let size = "encoder layer 0: 3 self-attention heads do not divide the inner width 512";
        assert_eq!(message("[4, 16]", "[3, 16]"), size);
    }
}
