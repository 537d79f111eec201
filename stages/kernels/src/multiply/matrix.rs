use gemm::{Parallelism, gemm};

/// A matrix in a slice.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: isize,
    column_stride: isize,
}

impl<'a> Matrix<'a> {
    /// Returns `rows · columns` values row after row.
    pub fn row_major(values: &'a [f32], rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "values of a {rows}x{columns} matrix");
        Self { values, rows, columns, row_stride: columns as isize, column_stride: 1 }
    }

    /// Returns the matrix with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }
}

/// Sets `output` (row after row) to `keep · output + left · right`, on the calling thread.
pub(super) fn product(left: Matrix<'_>, right: Matrix<'_>, output: &mut [f32], keep: f32) {
    assert_eq!(left.columns, right.rows, "inner sizes of a product agree");
    assert_eq!(output.len(), left.rows * right.columns, "values of the product");
    // SAFETY: each pointer is that of a slice whose length is rows · columns, asserted above and in `row_major`, and
    // the strides stay within it; `output` is borrowed mutably, so it overlaps neither factor.
    unsafe {
        gemm(
            left.rows,
            right.columns,
            left.columns,
            output.as_mut_ptr(),
            1,
            right.columns as isize,
            keep != 0.0,
            left.values.as_ptr(),
            left.column_stride,
            left.row_stride,
            right.values.as_ptr(),
            right.column_stride,
            right.row_stride,
            keep,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
