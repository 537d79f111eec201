//! How the work of a layer becomes a problem of the array; the switches of a hardware decide.

use spaces::Arithmetic;

use crate::hardware::{GroupedLayers, LocalKernel, LocalProjections, MemoryLevels, ShiftMatrix};
use crate::{AcceleratorError, Hardware, Linear, Local, Problem, RepeatedProblem, Role, UnitClass, Window, Work};

impl Hardware {
    /// Returns the problem of a layer's work on this hardware; `None` if it costs nothing.
    ///
    /// # Errors
    /// [`AcceleratorError::Groups`] and [`AcceleratorError::Heads`] if they do not divide the channels.
    pub fn problem(&self, work: &Work) -> Result<Option<RepeatedProblem>, AcceleratorError> {
        let once = |problem| Some(RepeatedProblem { problem, times: 1 });
        Ok(match *work {
            Work::Window(window) => Some(self.window(window)?),
            Work::Linear(linear) => self.linear(linear).and_then(once),
            Work::Product { batch, rows, inner, columns } => {
                let batch = batch.saturating_mul(rows);
                once(matrix(self.class(Arithmetic::Multiply), batch, inner, columns))
            }
            Work::Local(local) => Some(self.local(local)?),
            Work::Free => None,
        })
    }

    /// Returns which constants hold for layers of an arithmetic.
    pub fn class(&self, arithmetic: Arithmetic) -> UnitClass {
        let memory = match arithmetic {
            Arithmetic::Multiply | Arithmetic::Shift => MemoryLevels::AllLevels,
            Arithmetic::Add => self.assumptions().add_memory,
        };
        UnitClass { datapath: arithmetic, operation: arithmetic, memory }
    }

    fn window(&self, window: Window) -> Result<RepeatedProblem, AcceleratorError> {
        let Window { arithmetic, in_channels, out_channels, height, width, out_height, out_width, .. } = window;
        let groups = window.groups;
        if groups == 0 || !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
            return Err(AcceleratorError::Groups { groups, in_channels, out_channels });
        }
        let times = match self.assumptions().grouped_layers {
            GroupedLayers::Dense => 1,
            GroupedLayers::PerGroup => groups,
        };
        let problem = Problem {
            class: self.class(arithmetic),
            batch: 1,
            out_channels: out_channels / times,
            in_channels: in_channels / times,
            out_height,
            out_width,
            height,
            width,
            kernel_height: window.kernel,
            kernel_width: window.kernel,
            stride: window.stride,
        };
        Ok(RepeatedProblem { problem, times })
    }

    fn linear(&self, linear: Linear) -> Option<Problem> {
        let class = match linear.role {
            Role::Plain => self.class(linear.arithmetic),
            Role::Projection(branch) => self.projection(linear.arithmetic, branch),
            Role::ShiftMatrix => match self.assumptions().shift_matrix {
                ShiftMatrix::Free => return None,
                ShiftMatrix::Counted => self.class(linear.arithmetic),
            },
        };
        Some(matrix(class, linear.rows, linear.inputs, linear.outputs))
    }

    fn projection(&self, own: Arithmetic, branch: Arithmetic) -> UnitClass {
        match self.assumptions().local_projections {
            LocalProjections::OwnArithmetic => self.class(own),
            LocalProjections::ShiftClass => {
                let operation = match branch {
                    Arithmetic::Shift => Arithmetic::Shift,
                    Arithmetic::Multiply | Arithmetic::Add => Arithmetic::Multiply,
                };
                UnitClass { datapath: Arithmetic::Shift, operation, memory: MemoryLevels::AllLevels }
            }
        }
    }

    fn local(&self, local: Local) -> Result<RepeatedProblem, AcceleratorError> {
        let Local { arithmetic, tokens, width, taps, heads } = local;
        let class = self.class(arithmetic);
        match self.assumptions().local_kernel {
            LocalKernel::DepthWise => {
                Ok(RepeatedProblem { problem: column(class, 1, 1, tokens, (taps, 1)), times: width })
            }
            LocalKernel::DenseStandIn => {
                if heads == 0 || !width.is_multiple_of(heads) {
                    return Err(AcceleratorError::Heads { heads, width });
                }
                let class = UnitClass { memory: MemoryLevels::RegistersAndSums, ..class };
                let edge = taps.isqrt();
                Ok(RepeatedProblem { problem: column(class, width / heads, heads, tokens, (edge, edge)), times: 1 })
            }
        }
    }
}

/// `rows` vectors of `inputs` values times a matrix: every map is one value.
const fn matrix(class: UnitClass, rows: u64, inputs: u64, outputs: u64) -> Problem {
    Problem { in_channels: inputs, out_channels: outputs, ..column(class, rows, 1, 1, (1, 1)) }
}

/// A window over one column of tokens.
const fn column(class: UnitClass, batch: u64, channels: u64, tokens: u64, window: (u64, u64)) -> Problem {
    Problem {
        class,
        batch,
        out_channels: channels,
        in_channels: channels,
        out_height: tokens,
        out_width: 1,
        height: tokens,
        width: 1,
        kernel_height: window.0,
        kernel_width: window.1,
        stride: 1,
    }
}

#[cfg(test)]
mod tests;
