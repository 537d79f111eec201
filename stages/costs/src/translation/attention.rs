use spaces::LinearForm;

use crate::{Official, Work};

use super::builder::Part;

/// Products that the authors' profiler sees in the reshapes of one attention.
const RESHAPE_PRODUCTS: u64 = 3;

/// The geometry of one attention.
pub(super) struct Attention {
    /// Rows that ask.
    pub queries: u64,
    /// Rows that are attended to.
    pub keys: u64,
    /// Width of the rows that ask, and of the output.
    pub width: u64,
    /// Width of the rows that are attended to.
    pub key_width: u64,
    /// Width of queries, keys and values of all heads together.
    pub inner: u64,
    /// Heads.
    pub heads: u64,
    /// Arithmetic of the four matrices.
    pub form: LinearForm,
}

impl Attention {
    /// Appends query, key, value and output layers, the two products, and the scaling of the queries, which costs
    /// nothing here and a product per value in the authors' count.
    pub(super) fn append(&self, part: &mut Part<'_>) {
        let Self { queries, keys, width, key_width, inner, heads, form } = *self;
        part.linear("query", form, queries, [width, inner]);
        part.linear("key", form, keys, [key_width, inner]);
        part.linear("value", form, keys, [key_width, inner]);
        let scaling = Official { params: 0, flops: 2 * (queries * inner + RESHAPE_PRODUCTS) };
        part.layer("scale", Work::Free, 0, scaling);
        part.product("scores", heads, [queries, inner / heads, keys]);
        part.product("context", heads, [queries, keys, inner / heads]);
        part.linear("output", form, queries, [inner, width]);
    }
}
