use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HybridTransformer;

/// A space of translation networks as a manifest names it: a published one, or one of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TranslationSpace {
    /// [`HybridTransformer::en_de_v3`].
    EnDeV3 {},
    /// [`HybridTransformer::en_fr_v1`].
    EnFrV1 {},
    /// [`HybridTransformer::en_de_v1`].
    EnDeV1 {},
    /// [`HybridTransformer::en_de_v2`].
    EnDeV2 {},
    /// [`HybridTransformer::hat`].
    Hat {},
    /// What the manifest lists.
    Custom(Box<HybridTransformer>),
}

impl TranslationSpace {
    /// Returns the space with its choices. One of a manifest's own still wants [`HybridTransformer::check`].
    pub fn choices(&self) -> HybridTransformer {
        match self {
            TranslationSpace::EnDeV3 {} => HybridTransformer::en_de_v3(),
            TranslationSpace::EnFrV1 {} => HybridTransformer::en_fr_v1(),
            TranslationSpace::EnDeV1 {} => HybridTransformer::en_de_v1(),
            TranslationSpace::EnDeV2 {} => HybridTransformer::en_de_v2(),
            TranslationSpace::Hat {} => HybridTransformer::hat(),
            TranslationSpace::Custom(space) => (**space).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_spaces_go_by_their_names() {
        for (name, space) in [
            ("en-de-v3", HybridTransformer::en_de_v3()),
            ("en-fr-v1", HybridTransformer::en_fr_v1()),
            ("en-de-v1", HybridTransformer::en_de_v1()),
            ("en-de-v2", HybridTransformer::en_de_v2()),
            ("hat", HybridTransformer::hat()),
        ] {
            let text = format!(r#"{{"kind":"{name}"}}"#);
            let named: TranslationSpace = serde_json::from_str(&text).expect("a published space");
            assert_eq!(named.choices(), space);
            assert_eq!(serde_json::to_string(&named).expect("plain data serializes"), text);
        }
    }

    #[test]
    fn a_space_of_its_own_reads_back_what_it_wrote() {
        let space = TranslationSpace::Custom(Box::new(HybridTransformer::hat()));
        let text = serde_json::to_string(&space).expect("plain data serializes");
        assert!(text.starts_with(r#"{"kind":"custom","inner_width":512"#), "{text}");
        assert_eq!(serde_json::from_str::<TranslationSpace>(&text).expect("as written"), space);
    }

    #[test]
    fn a_name_takes_no_choices_and_a_list_no_unknown_ones() {
        let read = |text: &str| serde_json::from_str::<TranslationSpace>(text).expect_err("too much").to_string();
        assert!(read(r#"{"kind":"hat","inner_width":512}"#).contains("unknown field `inner_width`"));
        let custom =
            serde_json::to_string(&TranslationSpace::Custom(Box::new(HybridTransformer::hat()))).expect("plain data");
        assert!(read(&custom.replacen("inner_width", "width", 1)).contains("unknown field `width`"));
    }
}
