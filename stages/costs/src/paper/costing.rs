use std::collections::HashMap;

use super::PaperError;
use crate::{
    Accelerator, BitWidth, GroupedLayers, Hardware, Network, NetworkCost, Sources, TranslationPass, network,
    transformer, translation_network,
};

/// What a preset is called whose grouped layers are one problem per group.
const PER_GROUP: &str = "+per-group";
/// The hardware of translation networks.
const TRANSLATION: &str = "shiftaddnas-nlp";

/// A network and what it runs on.
pub(super) struct Subject {
    /// Its layers.
    pub network: Network,
    hardware: String,
    bits: BitWidth,
}

/// Accelerators that remember what they searched.
#[derive(Default)]
pub(super) struct Costing {
    accelerators: HashMap<(String, BitWidth), Accelerator>,
}

impl Subject {
    /// Returns a translation network on the hardware of Table 3.
    pub fn translation(name: &str, sources: Sources, bits: BitWidth) -> Result<Self, PaperError> {
        let pass = TranslationPass { sources, ..TranslationPass::default() };
        let network = transformer(name, &translation_network(name)?, pass);
        Ok(Self { network, hardware: TRANSLATION.to_owned(), bits })
    }

    /// Returns what a text means: `T0_mix_v4@224 shiftaddnas-pe192` a vision network, its picture size and hardware,
    /// `transformer-big one 32` a translation network, its sources and bits.
    pub fn parse(text: &str) -> Result<Self, PaperError> {
        let unknown = || PaperError::text("subject", text);
        match text.split(' ').collect::<Vec<_>>()[..] {
            [name, hardware] => {
                let (name, size) = name.rsplit_once('@').ok_or_else(unknown)?;
                let network = network(name, size.parse().map_err(|_| unknown())?)?;
                Ok(Self { network, hardware: hardware.to_owned(), bits: BitWidth::ThirtyTwo })
            }
            [name, sources, bits] => {
                let sources = match sources {
                    "own" => Sources::Own,
                    "one" => Sources::One,
                    _ => return Err(unknown()),
                };
                Self::translation(name, sources, bit_width(bits.parse().map_err(|_| unknown())?)?)
            }
            _ => Err(unknown()),
        }
    }

    /// Returns the authors' operations in 10^9, one of 8 bits counting as (8 / 32)^2 as in Table 3.
    pub fn effective_flops_g(&self) -> f64 {
        let share = f64::from(self.bits.bits()) / f64::from(BitWidth::ThirtyTwo.bits());
        self.flops_g() * share.powi(2)
    }

    /// Returns the authors' operations in 10^9, whatever the bits.
    pub fn flops_g(&self) -> f64 {
        self.network.official().flops as f64 / 1e9
    }
}

/// Returns the width of numbers of so many bits.
pub(super) fn bit_width(bits: u32) -> Result<BitWidth, PaperError> {
    let widths = [BitWidth::Eight, BitWidth::ThirtyTwo];
    let found = widths.into_iter().find(|width| width.bits() == bits);
    found.ok_or_else(|| PaperError::text("bit width", &bits.to_string()))
}

impl Costing {
    /// Returns what a network costs.
    pub fn cost(&mut self, subject: &Subject) -> Result<NetworkCost, PaperError> {
        let key = (subject.hardware.clone(), subject.bits);
        if !self.accelerators.contains_key(&key) {
            let accelerator = Accelerator::new(hardware(&subject.hardware)?, subject.bits);
            self.accelerators.insert(key.clone(), accelerator);
        }
        Ok(self.accelerators[&key].network_cost(&subject.network)?)
    }
}

fn hardware(name: &str) -> Result<Hardware, PaperError> {
    let Some(preset) = name.strip_suffix(PER_GROUP) else { return Ok(Hardware::preset(name)?) };
    let preset = Hardware::preset(preset)?;
    let assumptions = crate::Assumptions { grouped_layers: GroupedLayers::PerGroup, ..*preset.assumptions() };
    Ok(preset.with_assumptions(name, assumptions))
}
