use serde::Deserialize;
use spaces::Operator;

use super::costing::Subject;
use super::space_size::space_size;
use super::unit_energy::multiply_ratio;
use super::{Costing, PaperError};
use crate::{NetworkCost, SupernetScalars, network, released_supernets};

/// What is computed for a statement, of one or two things that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Measure {
    /// Energy of a subject, mJ.
    Energy,
    /// Latency of a subject, ms.
    Latency,
    /// Parameters of a subject by the authors' counter, 10^6, whatever the bits.
    Params,
    /// Operations of a subject by the authors' counter, 10^9, whatever the bits.
    Flops,
    /// Energy of a subject saved over another's, percent; of several pairs the mean.
    EnergySaving,
    /// Latency of a subject saved over another's, percent; of several pairs the mean.
    LatencySaving,
    /// Effective operations of a subject saved over another's, percent; of several pairs the mean.
    FlopsSaving,
    /// Energy of a subject per 10^9 of its operations, whatever the bits, mJ.
    EnergyPerFlop,
    /// Multiplications among the multiply-, shift- and subtract-accumulates of a subject, percent.
    MultiplyShare,
    /// Scalars of a released supernet, 10^6.
    Supernet,
    /// Scalars of a released supernet saved over another's, percent.
    SupernetSaving,
    /// Factors of weight transforms of one released supernet among all scalars of another, percent.
    AlphaShare,
    /// Power of ten of the number of architectures of a space.
    SpacePower,
    /// Energy of a multiplication over that of an operation at 45 nm.
    UnitEnergyRatio,
    /// Layers of an operator in a vision network.
    Blocks,
    /// #Add that follows from printed MACs, #Mult and #Shift: 2 MACs − #Mult − #Shift.
    ImpliedAdds,
    /// MACs that follow from printed #Mult, #Shift and #Add: half their sum.
    ImpliedMacs,
    /// One printed number less another.
    Difference,
    /// The sum of two printed numbers.
    Sum,
    /// One printed number over another.
    Quotient,
    /// One printed number saved over another, percent.
    Saving,
}

/// What a measure gives.
pub(super) struct Measured {
    /// The value.
    pub value: f64,
    /// The integer behind it, where a reader wants all digits.
    pub exact: Option<u128>,
}

impl Measure {
    /// Computes it of `of`, where there are two `over` the other.
    pub fn compute(self, of: &str, over: &str, costing: &mut Costing) -> Result<Measured, PaperError> {
        let value = match self {
            Self::SpacePower => {
                let size = space_size(of)?;
                return Ok(Measured { value: (size as f64).log10(), exact: Some(size) });
            }
            Self::Energy => energy_mj(&costing.cost(&Subject::parse(of)?)?),
            Self::Latency => costing.cost(&Subject::parse(of)?)?.latency_ms,
            Self::Params => Subject::parse(of)?.network.official().params as f64 / 1e6,
            Self::Flops => Subject::parse(of)?.flops_g(),
            Self::EnergySaving => saving(of, over, |subject| Ok(energy_mj(&costing.cost(subject)?)))?,
            Self::LatencySaving => saving(of, over, |subject| Ok(costing.cost(subject)?.latency_ms))?,
            Self::FlopsSaving => saving(of, over, |subject| Ok(subject.effective_flops_g()))?,
            Self::EnergyPerFlop => {
                let subject = Subject::parse(of)?;
                energy_mj(&costing.cost(&subject)?) / subject.flops_g()
            }
            Self::MultiplyShare => {
                let macs = Subject::parse(of)?.network.macs()?;
                percent(macs.multiply as f64 / macs.total() as f64)
            }
            Self::Supernet => supernet(of)?.total() as f64 / 1e6,
            Self::SupernetSaving => percent(1.0 - supernet(of)?.total() as f64 / supernet(over)?.total() as f64),
            Self::AlphaShare => percent(supernet(of)?.alphas as f64 / supernet(over)?.total() as f64),
            Self::UnitEnergyRatio => multiply_ratio(of)?,
            Self::Blocks => blocks(of)?,
            Self::ImpliedAdds | Self::ImpliedMacs | Self::Difference | Self::Sum | Self::Quotient | Self::Saving => {
                self.of_printed(&numbers(of)?)?
            }
        };
        Ok(Measured { value, exact: None })
    }

    /// Computes what follows from printed numbers alone.
    fn of_printed(self, numbers: &[f64]) -> Result<f64, PaperError> {
        match (self, numbers) {
            (Self::ImpliedAdds, [macs, mult, shift]) => Ok(2.0 * macs - mult - shift),
            (Self::ImpliedMacs, [mult, shift, adds]) => Ok((mult + shift + adds) / 2.0),
            (Self::Difference, [from, less]) => Ok(from - less),
            (Self::Sum, [one, other]) => Ok(one + other),
            (Self::Quotient, [dividend, divisor]) => Ok(dividend / divisor),
            (Self::Saving, [less, more]) => Ok(percent(1.0 - less / more)),
            (measure, numbers) => Err(PaperError::text("numbers of a measure", &format!("{measure:?} {numbers:?}"))),
        }
    }
}

fn percent(share: f64) -> f64 {
    100.0 * share
}

fn energy_mj(cost: &NetworkCost) -> f64 {
    cost.energy.total_mj
}

/// Returns the mean over pairs of what the first saves over the second, percent; pairs are separated by semicolons.
fn saving(of: &str, over: &str, mut cost: impl FnMut(&Subject) -> Result<f64, PaperError>) -> Result<f64, PaperError> {
    let mut savings = Vec::new();
    for (of, over) in of.split("; ").zip(over.split("; ")) {
        savings.push(percent(1.0 - cost(&Subject::parse(of)?)? / cost(&Subject::parse(over)?)?));
    }
    Ok(savings.iter().sum::<f64>() / savings.len() as f64)
}

fn supernet(name: &str) -> Result<SupernetScalars, PaperError> {
    let found = released_supernets().into_iter().find(|supernet| supernet.name == name);
    Ok(found.ok_or_else(|| PaperError::text("supernet", name))?.scalars)
}

/// Returns how many layers of a vision network have an operator; the text names both, `shift T1_mix_v4`.
fn blocks(text: &str) -> Result<f64, PaperError> {
    let unknown = || PaperError::text("operator and network", text);
    let (operator, name) = text.split_once(' ').ok_or_else(unknown)?;
    let operator = Operator::ALL.into_iter().find(|known| known.name() == operator).ok_or_else(unknown)?;
    let network = network(name, 224)?;
    let entries = network.layers.iter().filter(|layer| layer.operator == Some(operator));
    Ok(entries.filter(|layer| layer.name.ends_with(".entry")).count() as f64)
}

fn numbers(text: &str) -> Result<Vec<f64>, PaperError> {
    text.split(' ').map(|number| number.parse().map_err(|_| PaperError::text("number", number))).collect()
}
