use spaces::{Arithmetic, LinearForm, LocalOperator};

use crate::{Linear, Local, Official, Role, Work};

use super::builder::Part;

/// The geometry of a local branch: W_a, for shift a shift layer, a kernel over time, W_b.
pub(super) struct LocalBranch {
    /// What lies between the projections.
    pub operator: LocalOperator,
    /// Positions.
    pub tokens: u64,
    /// Channels.
    pub width: u64,
    /// Length of the kernel.
    pub taps: u64,
    /// Kernels; neighbouring channels share one.
    pub kernels: u64,
    /// Attention heads of the layer.
    pub heads: u64,
    /// Arithmetic of W_a and W_b.
    pub form: LinearForm,
}

impl LocalBranch {
    /// Appends the layers. The authors count no operation of the kernel.
    pub(super) fn append(&self, part: &mut Part<'_>) {
        let Self { operator, tokens, width, taps, kernels, heads, form } = *self;
        part.projection("project_in", form, tokens, [width, width], operator.arithmetic());
        match operator {
            LocalOperator::Shift => self.append_shift(part),
            LocalOperator::Conv | LocalOperator::Add => {}
        }
        let kernel = Local { arithmetic: operator.kernel_arithmetic(), tokens, width, taps, heads };
        let params = kernels * taps;
        part.layer("kernel", Work::Local(kernel), params, Official { params, flops: 0 });
        part.projection("project_out", form, tokens, [width, width], operator.arithmetic());
    }

    /// Exponents, signs and bias are stored; the authors count exponents and bias, and a shift as a multiplication.
    fn append_shift(&self, part: &mut Part<'_>) {
        let Self { tokens: rows, width, .. } = *self;
        let matrix = width * width;
        let shift =
            Linear { arithmetic: Arithmetic::Shift, rows, inputs: width, outputs: width, role: Role::ShiftMatrix };
        let official = Official { params: matrix + width, flops: 2 * rows * matrix };
        part.layer("shift", Work::Linear(shift), 2 * matrix + width, official);
    }
}
