use spaces::{LinearForm, LocalNorm, LocalOperator, Mix, kernel_length};

use super::part::Part;
use crate::LoweringError;

/// The sizes of one local operator.
#[derive(Clone, Copy)]
pub(super) struct Local {
    pub(super) operator: LocalOperator,
    /// Whether attention stands beside it.
    pub(super) beside_attention: bool,
    /// Width of its input and output.
    pub(super) width: usize,
    /// Kernels; each belongs to `width / kernels` channels that lie together.
    pub(super) kernels: usize,
    /// Taps of a kernel.
    pub(super) length: usize,
    pub(super) form: LinearForm,
}

impl Local {
    /// Returns the local branch of layer `index`, `None` without one.
    pub(super) fn of(mix: Mix, form: LinearForm, width: usize, index: usize) -> Option<Self> {
        let operator = mix.local()?;
        Some(Self {
            operator,
            beside_attention: mix.attends(),
            width: width / mix.branches(),
            kernels: mix.kernels(),
            length: kernel_length(index),
            form,
        })
    }
}

impl Part<'_> {
    /// Returns what the kernels of the local operator NAME read, `[rows, width]`.
    pub(super) fn local_input(&mut self, name: &str, local: Local, x: &str) -> Result<String, LoweringError> {
        let shape = [local.width, local.width];
        let input = self.linear(&format!("{name}.input"), local.form, x, shape)?;
        match local.operator {
            LocalOperator::Conv | LocalOperator::Add => Ok(input),
            LocalOperator::Shift => self.linear(&format!("{name}.shift"), LinearForm::Shift, &input, shape),
        }
    }

    /// Returns the output layer's value for what the kernels give, normalised first where they add, `[rows, width]`.
    pub(super) fn local_output(&mut self, name: &str, local: Local, out: &str) -> Result<String, LoweringError> {
        let out = match (local.operator, self.conventions.local_norm) {
            (LocalOperator::Add | LocalOperator::Shift, LocalNorm::Layer) => {
                self.standardized(&format!("{name}.norm"), out, local.width)
            }
            (LocalOperator::Conv, _) | (_, LocalNorm::Released) => out.to_owned(),
        };
        self.linear(&format!("{name}.output"), local.form, &out, [local.width, local.width])
    }

    /// Returns the kernel of every channel, tap after tap: `[length, width]`.
    pub(super) fn taps(&self, name: &str, local: Local) -> Result<Vec<f32>, LoweringError> {
        let kernel = self.weights.floats(&format!("{name}.kernel"), &[local.kernels, local.length])?;
        let channels = local.width / local.kernels;
        let tap = |tap: usize| (0..local.width).map(move |channel| kernel[channel / channels * local.length + tap]);
        Ok((0..local.length).flat_map(tap).collect())
    }
}
