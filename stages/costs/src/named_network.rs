use spaces::Arithmetic;

use crate::name::letters;
use crate::vision::{BOSSNAS, Gate, MIX_2, MIX_3, MIX_4, PATCH, ResNet, Retrained, ShiftForm, StrideIn, Transformer};
use crate::{NameError, Network};

/// Smallest and largest height and width of a picture.
const IMAGE_SIZES: [u64; 2] = [32, 4096];

/// A network of the paper's tables that is not a point of a search space of ours.
#[derive(Clone, Copy, Debug)]
pub struct NamedNetwork {
    /// What it is called here.
    pub name: &'static str,
    /// What else it is called.
    pub aliases: &'static [&'static str],
    design: Design,
}

#[derive(Clone, Copy, Debug)]
enum Design {
    Retrained(Retrained),
    ResNet(ResNet),
    Transformer(Transformer),
}

impl NamedNetwork {
    /// Returns the layers for square pictures of three colours and 1000 classes.
    ///
    /// # Errors
    /// [`NameError::ImageSize`] if it does not read pictures of `image_size` rows and columns.
    pub fn network(&self, image_size: u64) -> Result<Network, NameError> {
        let [smallest, largest] = IMAGE_SIZES;
        let multiple_of = match self.design {
            Design::Retrained(_) | Design::ResNet(_) => 1,
            Design::Transformer(_) => PATCH,
        };
        if !(smallest..=largest).contains(&image_size) || !image_size.is_multiple_of(multiple_of) {
            return Err(NameError::ImageSize { network: self.name, smallest, largest, multiple_of, image_size });
        }
        Ok(match self.design {
            Design::Retrained(design) => design.network(self.name, image_size),
            Design::ResNet(design) => design.network(self.name, image_size),
            Design::Transformer(design) => design.network(self.name, image_size),
        })
    }

    /// Returns its name and what else it is called.
    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the vision networks of Tables 4, 6 and 11 of `ShiftAddNAS` that can be counted from what is published.
///
/// Searched networks are called as in the release, with the form of their shift layers spelt out: `_Q` floats rounded
/// to signed powers of two, `_PS` exponents and signs. `_distilled` has a second classifier, which a teacher trains.
/// The bare name, `T0_mix_v4`, is the network of the paper's tables: form Q, two classifiers. (In the release the bare
/// name is form PS with one.)
pub const fn named_networks() -> &'static [NamedNetwork] {
    &NAMED_NETWORKS
}

/// Returns the layers of the network that is called `name`, in whatever case and with whatever separators, for square
/// pictures of `image_size` rows and columns.
///
/// # Errors
/// [`NameError::Unknown`] if nothing is called that, otherwise as [`NamedNetwork::network`].
pub fn network(name: &str, image_size: u64) -> Result<Network, NameError> {
    let wanted = letters(name);
    let named = NAMED_NETWORKS.iter().find(|named| named.names().any(|known| letters(known) == wanted));
    let unknown = || NameError::unknown(name, NAMED_NETWORKS.iter().map(|named| (named.name, named.aliases)));
    named.ok_or_else(unknown)?.network(image_size)
}

const fn retrained(name: &'static str, aliases: &'static [&'static str], design: Retrained) -> NamedNetwork {
    NamedNetwork { name, aliases, design: Design::Retrained(design) }
}

const fn resnet(name: &'static str, aliases: &'static [&'static str], design: ResNet) -> NamedNetwork {
    NamedNetwork { name, aliases, design: Design::ResNet(design) }
}

const fn transformer(name: &'static str, aliases: &'static [&'static str], design: Transformer) -> NamedNetwork {
    NamedNetwork { name, aliases, design: Design::Transformer(design) }
}

const RESNET_50: ResNet = ResNet::of_50();
const RESNET_101: ResNet = ResNet::of_101();
const T0_MIX_2: Retrained = Retrained::t0(MIX_2);
const T0_MIX_3: Retrained = Retrained::t0(MIX_3);
const T0_MIX_4: Retrained = Retrained::t0(MIX_4);
const T1_MIX_3: Retrained = Retrained::t1(MIX_3);
const T1_MIX_4: Retrained = Retrained::t1(MIX_4);
const BOSSNAS_T0: Retrained = Retrained::t0(BOSSNAS);
const BOSSNAS_T1: Retrained = Retrained::t1(BOSSNAS);

static NAMED_NETWORKS: [NamedNetwork; 39] = [
    retrained("T0_mix_v2_Q_distilled", &["T0_mix_v2"], T0_MIX_2),
    retrained("T0_mix_v2_Q", &[], T0_MIX_2.single_head()),
    retrained("T0_mix_v2_PS_distilled", &["T0_mix_v2_distilled"], T0_MIX_2.ps()),
    retrained("T0_mix_v2_PS", &[], T0_MIX_2.ps().single_head()),
    retrained("T0_mix_v3_Q_distilled", &["T0_mix_v3"], T0_MIX_3),
    retrained("T0_mix_v3_Q", &[], T0_MIX_3.single_head()),
    retrained("T0_mix_v3_PS_distilled", &["T0_mix_v3_distilled"], T0_MIX_3.ps()),
    retrained("T0_mix_v3_PS", &[], T0_MIX_3.ps().single_head()),
    retrained("T0_mix_v4_Q_distilled", &["T0_mix_v4", "ShiftAddNAS-T0"], T0_MIX_4),
    retrained("T0_mix_v4_Q", &[], T0_MIX_4.single_head()),
    retrained("T0_mix_v4_PS_distilled", &["T0_mix_v4_distilled"], T0_MIX_4.ps()),
    retrained("T0_mix_v4_PS", &[], T0_MIX_4.ps().single_head()),
    retrained("T1_mix_v3_Q_distilled", &["T1_mix_v3", "ShiftAddNAS-T1^2"], T1_MIX_3),
    retrained("T1_mix_v3_Q", &[], T1_MIX_3.single_head()),
    retrained("T1_mix_v3_PS_distilled", &["T1_mix_v3_distilled"], T1_MIX_3.ps()),
    retrained("T1_mix_v3_PS", &[], T1_MIX_3.ps().single_head()),
    retrained("T1_mix_v4_Q_distilled", &["T1_mix_v4", "ShiftAddNAS-T1", "ShiftAddNAS-T1^1"], T1_MIX_4),
    retrained("T1_mix_v4_Q", &[], T1_MIX_4.single_head()),
    retrained("T1_mix_v4_PS_distilled", &["T1_mix_v4_distilled"], T1_MIX_4.ps()),
    retrained("T1_mix_v4_PS", &[], T1_MIX_4.ps().single_head()),
    retrained("BossNAS-T0", &[], BOSSNAS_T0.single_head()),
    retrained("BossNAS-T0_distilled", &[], BOSSNAS_T0),
    retrained("BossNAS-T1", &[], BOSSNAS_T1.single_head()),
    retrained("BossNAS-T1_distilled", &[], BOSSNAS_T1),
    resnet("ResNet-50", &[], RESNET_50),
    resnet("ResNet-101", &[], RESNET_101),
    resnet("ResNet-50-v1.5", &[], RESNET_50.with_stride_in(StrideIn::Middle)),
    resnet("ResNet-101-v1.5", &[], RESNET_101.with_stride_in(StrideIn::Middle)),
    resnet("SENet-50", &["SE-ResNet-50"], RESNET_50.with_gate(Gate::SqueezeExcitation)),
    resnet("SENet-101", &["SE-ResNet-101"], RESNET_101.with_gate(Gate::SqueezeExcitation)),
    resnet("AdderNet-50", &["AdderNet"], RESNET_50.with_body(Arithmetic::Add, ShiftForm::Q)),
    resnet("DeepShift-50-Q", &["DeepShift-50", "DeepShift"], RESNET_50.with_body(Arithmetic::Shift, ShiftForm::Q)),
    resnet("DeepShift-50-PS", &[], RESNET_50.with_body(Arithmetic::Shift, ShiftForm::Ps)),
    transformer("ViT-B/16", &["ViT-B"], Transformer::VIT_B),
    transformer("ViT-L/16", &["ViT-L"], Transformer::VIT_L),
    transformer("DeiT-T", &["DeiT-Ti", "DeiT-tiny"], Transformer::DEIT_T),
    transformer("DeiT-S", &["DeiT-small"], Transformer::DEIT_S),
    transformer("AutoFormer-S", &["AutoFormer-small"], Transformer::AUTOFORMER_S),
    transformer("AutoFormer-B", &["AutoFormer-base"], Transformer::AUTOFORMER_B),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_networks_share_a_name() {
        let names: Vec<String> = NAMED_NETWORKS.iter().flat_map(NamedNetwork::names).map(letters).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn every_network_has_unique_layers_that_all_count() {
        for named in named_networks() {
            for image_size in [224, 256] {
                let network = named.network(image_size).unwrap();
                let names: BTreeSet<&str> = network.layers.iter().map(|layer| layer.name.as_str()).collect();
                assert_eq!(names.len(), network.layers.len(), "{}", named.name);
                assert!(network.macs().unwrap().total() > 0, "{}", named.name);
                assert_eq!(network.name, named.name);
            }
        }
    }

    #[test]
    fn a_name_is_found_in_any_case_and_by_its_aliases() {
        for (name, found) in [
            ("t1_MIX_v4", "T1_mix_v4_Q_distilled"),
            ("resnet50", "ResNet-50"),
            ("vit-b/16", "ViT-B/16"),
            ("ShiftAddNAS-T1^2", "T1_mix_v3_Q_distilled"),
        ] {
            assert_eq!(network(name, 224).unwrap().name, found);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_a_similar_one_or_all() {
        let message = network("ResNet-5O", 224).unwrap_err().to_string();
        assert_eq!(message, "no network is called `ResNet-5O`; did you mean `ResNet-50`?");
        let message = network("zzz", 224).unwrap_err().to_string();
        assert!(message.starts_with("no network is called `zzz`; there are `T0_mix_v2_Q_distilled`, "), "{message}");
        assert!(message.ends_with("`AutoFormer-S`, `AutoFormer-B`"), "{message}");
    }

    #[test]
    fn a_picture_that_a_network_cannot_read_is_refused() {
        let message = |name, image_size| network(name, image_size).unwrap_err().to_string();
        assert_eq!(
            message("DeiT-S", 225),
            "`DeiT-S` wants pictures of 32 to 4096 rows and columns, a multiple of 16, found 225"
        );
        assert_eq!(
            message("resnet-50", 0),
            "`ResNet-50` wants pictures of 32 to 4096 rows and columns, a multiple of 1, found 0"
        );
        assert!(network("resnet-50", 225).is_ok());
    }
}
