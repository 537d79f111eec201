use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HybridTransformer, LinearForm};

/// A space of translation networks as a manifest names it: a published one, or one of its own.
///
/// `{ kind = "en-de-v3" }` is a published space, `{ kind = "en-de-v3", forms = { mlp = ["dense", "add"] } }` the same
/// with more linear layers, `{ kind = "custom", inner_width = 512, encoder = { .. }, decoder = { .. } }` one of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TranslationSpace {
    /// [`HybridTransformer::en_de_v3`].
    EnDeV3 {
        /// Arithmetics of linear layers, dense only in the published space.
        #[serde(default)]
        forms: OfferedForms,
    },
    /// [`HybridTransformer::en_fr_v1`].
    EnFrV1 {
        /// Arithmetics of linear layers, dense only in the published space.
        #[serde(default)]
        forms: OfferedForms,
    },
    /// [`HybridTransformer::en_de_v1`].
    EnDeV1 {
        /// Arithmetics of linear layers, dense only in the published space.
        #[serde(default)]
        forms: OfferedForms,
    },
    /// [`HybridTransformer::en_de_v2`].
    EnDeV2 {
        /// Arithmetics of linear layers, dense only in the published space.
        #[serde(default)]
        forms: OfferedForms,
    },
    /// [`HybridTransformer::hat`].
    Hat {
        /// Arithmetics of linear layers, dense only in the published space.
        #[serde(default)]
        forms: OfferedForms,
    },
    /// What the manifest lists.
    Custom(Box<HybridTransformer>),
}

/// Arithmetics of linear layers that every layer of encoder and decoder may choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OfferedForms {
    /// Of the MLP's matrices.
    pub mlp: Vec<LinearForm>,
    /// Of the matrices around attention and local kernels.
    pub projection: Vec<LinearForm>,
}

impl Default for OfferedForms {
    /// Dense only.
    fn default() -> Self {
        Self { mlp: vec![LinearForm::Dense], projection: vec![LinearForm::Dense] }
    }
}

impl TranslationSpace {
    /// Returns the space with its choices, which still want [`HybridTransformer::check`].
    pub fn choices(&self) -> HybridTransformer {
        match self {
            TranslationSpace::EnDeV3 { forms } => forms.offered_by(HybridTransformer::en_de_v3()),
            TranslationSpace::EnFrV1 { forms } => forms.offered_by(HybridTransformer::en_fr_v1()),
            TranslationSpace::EnDeV1 { forms } => forms.offered_by(HybridTransformer::en_de_v1()),
            TranslationSpace::EnDeV2 { forms } => forms.offered_by(HybridTransformer::en_de_v2()),
            TranslationSpace::Hat { forms } => forms.offered_by(HybridTransformer::hat()),
            TranslationSpace::Custom(space) => (**space).clone(),
        }
    }
}

impl OfferedForms {
    fn offered_by(&self, mut space: HybridTransformer) -> HybridTransformer {
        space.encoder.mlp_forms.clone_from(&self.mlp);
        space.decoder.mlp_forms.clone_from(&self.mlp);
        space.encoder.projection_forms.clone_from(&self.projection);
        space.decoder.projection_forms.clone_from(&self.projection);
        space
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TranslationSpace {
        serde_json::from_str(text).expect("a space")
    }

    #[test]
    fn published_spaces_go_by_their_names() {
        for (name, space) in [
            ("en-de-v3", HybridTransformer::en_de_v3()),
            ("en-fr-v1", HybridTransformer::en_fr_v1()),
            ("en-de-v1", HybridTransformer::en_de_v1()),
            ("en-de-v2", HybridTransformer::en_de_v2()),
            ("hat", HybridTransformer::hat()),
        ] {
            let named = read(&format!(r#"{{"kind":"{name}"}}"#));
            assert_eq!(named.choices(), space);
            let spelled_out = serde_json::to_string(&named).expect("plain data serializes");
            assert!(spelled_out.starts_with(&format!(r#"{{"kind":"{name}","forms":"#)), "{spelled_out}");
            assert_eq!(read(&spelled_out), named);
        }
    }

    #[test]
    fn a_published_space_may_offer_more_linear_layers() {
        let space = read(r#"{"kind":"hat","forms":{"mlp":["dense","shift","add"]}}"#).choices();
        space.check().expect("forms fit every size");
        let dense = HybridTransformer::hat();
        assert_eq!(space.decoder.mlp_forms, LinearForm::ALL);
        assert_eq!(space.encoder.projection_forms, dense.encoder.projection_forms);
        // 4 · 18^6 · Σ 108^n for n = 1 to 6, in Python.
        assert_eq!(space.size(), Ok(217_910_186_640_480_402_432));
    }

    #[test]
    fn a_space_of_its_own_reads_back_what_it_wrote() {
        let space = TranslationSpace::Custom(Box::new(HybridTransformer::hat()));
        let text = serde_json::to_string(&space).expect("plain data serializes");
        assert!(text.starts_with(r#"{"kind":"custom","inner_width":512"#), "{text}");
        assert_eq!(read(&text), space);
    }

    #[test]
    fn a_name_takes_no_choices_and_a_list_no_unknown_ones() {
        let message = |text: &str| serde_json::from_str::<TranslationSpace>(text).expect_err("too much").to_string();
        assert!(message(r#"{"kind":"hat","inner_width":512}"#).contains("unknown field `inner_width`"));
        assert!(message(r#"{"kind":"hat","forms":{"mlps":[]}}"#).contains("unknown field `mlps`"));
        let custom = TranslationSpace::Custom(Box::new(HybridTransformer::hat()));
        let custom = serde_json::to_string(&custom).expect("plain data serializes");
        assert!(message(&custom.replacen("inner_width", "width", 1)).contains("unknown field `width`"));
    }
}
