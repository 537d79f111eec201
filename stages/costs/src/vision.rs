//! Vision networks of the paper's tables, drawn layer by layer as the hardware model walks them.

mod drawing;
mod resnet;
mod retrained;
mod squeeze_excitation;
mod transformer;

pub(crate) use drawing::ShiftForm;
pub(crate) use resnet::{Gate, ResNet, StrideIn};
pub(crate) use retrained::{BOSSNAS, MIX_2, MIX_3, MIX_4, Retrained};
pub(crate) use transformer::{PATCH, Transformer};

#[cfg(test)]
mod tests;
