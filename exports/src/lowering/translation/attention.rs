use spaces::LinearForm;

use super::part::Part;
use crate::LoweringError;

/// The sizes of one multi-head attention.
#[derive(Clone, Copy)]
pub(super) struct Attention {
    /// Width of its input and output.
    pub(super) width: usize,
    /// Width of queries, keys and values of all heads together.
    pub(super) inner: usize,
    pub(super) heads: usize,
    pub(super) form: LinearForm,
}

impl Attention {
    /// Returns the width of one head.
    pub(super) const fn head(self) -> usize {
        self.inner / self.heads
    }
}

/// Names of the keys and values of an attention.
pub(super) struct Memory {
    /// `[.., heads, head width, positions]`, ready for a product with the queries.
    pub(super) keys: String,
    /// `[.., heads, positions, head width]`.
    pub(super) values: String,
}

impl Part<'_> {
    /// Returns the queries of a linear layer, already divided by √(head width): `[rows, inner]`.
    pub(super) fn queries(&mut self, name: &str, attention: Attention, x: &str) -> Result<String, LoweringError> {
        let query = format!("{name}.query");
        let queries = self.linear(&query, attention.form, x, [attention.inner, attention.width])?;
        let scale = self.scalar(&format!("{query}.factor"), (attention.head() as f32).sqrt().recip());
        Ok(self.node(&format!("{query}.scaled"), "Mul", &[&queries, &scale], Vec::new()))
    }

    /// Returns softmax(q k + bias) v, `[.., heads, queries, head width]`.
    pub(super) fn weighted(&mut self, name: &str, queries: &str, memory: &Memory, bias: Option<&str>) -> String {
        let mut scores = self.node(&format!("{name}.scores"), "MatMul", &[queries, &memory.keys], Vec::new());
        if let Some(bias) = bias {
            scores = self.node(&format!("{name}.masked"), "Add", &[&scores, bias], Vec::new());
        }
        let shares = self.node(&format!("{name}.shares"), "Softmax", &[&scores], Vec::new());
        self.node(&format!("{name}.weighted"), "MatMul", &[&shares, &memory.values], Vec::new())
    }

    /// Returns the output layer's value for weighted values `[a, heads, b, head width]` of rows `a · b`.
    pub(super) fn joined(&mut self, name: &str, attention: Attention, weighted: &str) -> Result<String, LoweringError> {
        let by_token = self.transposed(&format!("{name}.tokens"), weighted, &[0, 2, 1, 3]);
        let rows = self.reshaped(&format!("{name}.rows"), &by_token, &[-1, attention.inner as i64]);
        self.linear(&format!("{name}.output"), attention.form, &rows, [attention.width, attention.inner])
    }
}
