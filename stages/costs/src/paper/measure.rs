use serde::Deserialize;
use spaces::Operator;

use super::costing::Subject;
use super::space_size::space_size;
use super::unit_energy::multiply_ratio;
use super::{Costing, PaperError};
use crate::{CostRatio, Macs, NetworkCost, SupernetScalars, network, released_supernets};

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
    /// Effective operations of a subject saved over another's, percent.
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
            Self::SpacePower => return power(of),
            Self::Energy => energy_mj(&costing.cost(&Subject::parse(of)?)?),
            Self::Latency => costing.cost(&Subject::parse(of)?)?.latency_ms,
            Self::Params => Subject::parse(of)?.network.official().params as f64 / 1e6,
            Self::Flops => Subject::parse(of)?.flops_g(),
            Self::EnergySaving => saving(of, over, costing, |ratio| ratio.energy)?,
            Self::LatencySaving => saving(of, over, costing, |ratio| ratio.latency)?,
            Self::FlopsSaving => flops_saving(&Subject::parse(of)?, &Subject::parse(over)?),
            Self::EnergyPerFlop => energy_mj(&costing.cost(&Subject::parse(of)?)?) / Subject::parse(of)?.flops_g(),
            Self::MultiplyShare => multiply_share(&Subject::parse(of)?.network.macs()?),
            Self::Supernet => supernet(of)?.total() as f64 / 1e6,
            Self::SupernetSaving => percent(1.0 - supernet(of)?.total() as f64 / supernet(over)?.total() as f64),
            Self::AlphaShare => percent(supernet(of)?.alphas as f64 / supernet(over)?.total() as f64),
            Self::UnitEnergyRatio => multiply_ratio(of)?,
            Self::Blocks => blocks(of)?,
            Self::ImpliedAdds => of_numbers(of, |[macs, mult, shift]| 2.0 * macs - mult - shift)?,
            Self::ImpliedMacs => of_numbers(of, |[mult, shift, adds]| (mult + shift + adds) / 2.0)?,
            Self::Difference => of_numbers(of, |[from, less]| from - less)?,
            Self::Sum => of_numbers(of, |[one, other]| one + other)?,
            Self::Quotient => of_numbers(of, |[dividend, divisor]| dividend / divisor)?,
            Self::Saving => of_numbers(of, |[less, more]| percent(1.0 - less / more))?,
        };
        Ok(Measured { value, exact: None })
    }
}

fn power(space: &str) -> Result<Measured, PaperError> {
    let size = space_size(space)?;
    Ok(Measured { value: (size as f64).log10(), exact: Some(size) })
}

fn multiply_share(macs: &Macs) -> f64 {
    percent(macs.multiply as f64 / macs.total() as f64)
}

fn percent(share: f64) -> f64 {
    100.0 * share
}

fn energy_mj(cost: &NetworkCost) -> f64 {
    cost.energy.total_mj
}

fn flops_saving(of: &Subject, over: &Subject) -> f64 {
    percent(1.0 - of.effective_flops_g() / over.effective_flops_g())
}

/// Returns the mean over pairs of what the first saves over the second on the same hardware, percent; pairs are
/// separated by semicolons.
fn saving(of: &str, over: &str, costing: &mut Costing, share: fn(CostRatio) -> f64) -> Result<f64, PaperError> {
    let mut savings = Vec::new();
    for (of, over) in of.split("; ").zip(over.split("; ")) {
        let (of, over) = (costing.cost(&Subject::parse(of)?)?, costing.cost(&Subject::parse(over)?)?);
        savings.push(percent(1.0 - share(of.relative_to(&over)?)));
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

/// Returns what follows from printed numbers, which stand in the text one after the other.
fn of_numbers<const N: usize>(text: &str, value: impl Fn([f64; N]) -> f64) -> Result<f64, PaperError> {
    let unknown = || PaperError::text("list of numbers", text);
    let numbers = text.split(' ').map(str::parse).collect::<Result<Vec<f64>, _>>().map_err(|_| unknown())?;
    Ok(value(numbers.try_into().map_err(|_| unknown())?))
}
