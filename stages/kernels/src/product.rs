//! Matrix products on slices, with any strides and with the factor and the sum in the same pass.

/// A matrix inside of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    /// Rows and columns.
    sizes: [usize; 2],
    /// Distance of neighbours in a column, and in a row.
    strides: [usize; 2],
}

/// A matrix inside of a slice that is written to; its rows are contiguous.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    values: &'a mut [f32],
    sizes: [usize; 2],
    stride: usize,
}

/// What becomes of the values of the matrix that is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Former {
    /// They are lost.
    Replaced,
    /// The product is added to them.
    Kept,
}

/// Who computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// The calling thread.
    Caller,
    /// All threads of the pool.
    Pool,
}

impl<'a> Matrix<'a> {
    /// Returns a matrix of these sizes and strides.
    ///
    /// # Panics
    /// If an element lies outside of the slice.
    pub fn new(values: &'a [f32], sizes: [usize; 2], strides: [usize; 2]) -> Self {
        assert!(reach(sizes, strides) <= values.len(), "{sizes:?} by {strides:?} reach beyond {}", values.len());
        Self { values, sizes, strides }
    }

    /// Returns a matrix whose rows follow each other.
    ///
    /// # Panics
    /// If the slice holds fewer values.
    pub fn dense(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::new(values, [rows, columns], [columns, 1])
    }

    /// Returns `count` rows from `first` on.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn rows(self, first: usize, count: usize) -> Self {
        assert!(first + count <= self.sizes[0], "{count} rows from {first} on of {}", self.sizes[0]);
        if count == 0 {
            return Self { sizes: [0, self.sizes[1]], ..self };
        }
        Self { values: &self.values[first * self.strides[0]..], sizes: [count, self.sizes[1]], ..self }
    }

    /// Returns the product with another matrix, row after row.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn times(self, right: Matrix<'_>, workers: Workers) -> Vec<f32> {
        let ([rows, depth], columns) = (self.sizes, right.sizes[1]);
        assert_eq!(depth, right.sizes[0], "sizes of a product");
        if depth == 0 {
            return vec![0.0; rows * columns];
        }
        let mut product = Box::new_uninit_slice(rows * columns);
        // SAFETY: the product has a place for each of its elements, which are all written as nothing is kept.
        unsafe {
            let place = Place { values: product.as_mut_ptr().cast(), stride: columns };
            place.write(self, right, 1.0, Former::Replaced, workers);
            product.assume_init()
        }
        .into_vec()
    }

    /// Returns the numbers of rows and columns.
    pub fn sizes(&self) -> [usize; 2] {
        self.sizes
    }

    /// Returns the transpose.
    pub fn turned(self) -> Self {
        let ([rows, columns], [down, along]) = (self.sizes, self.strides);
        Self { sizes: [columns, rows], strides: [along, down], ..self }
    }
}

impl<'a> MatrixMut<'a> {
    /// Returns a matrix of these sizes, its rows `stride` apart.
    ///
    /// # Panics
    /// If an element lies outside of the slice, or rows overlap.
    pub fn new(values: &'a mut [f32], sizes: [usize; 2], stride: usize) -> Self {
        assert!(stride >= sizes[1], "rows of {} do not fit {stride}", sizes[1]);
        assert!(reach(sizes, [stride, 1]) <= values.len(), "{sizes:?} by {stride} reach beyond {}", values.len());
        Self { values, sizes, stride }
    }

    /// Writes or adds `scale` · left · right.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn multiply(&mut self, left: Matrix<'_>, right: Matrix<'_>, scale: f32, former: Former, workers: Workers) {
        let [rows, columns] = self.sizes;
        assert_eq!([left.sizes[0], right.sizes[0]], [rows, left.sizes[1]], "sizes of a product");
        assert_eq!(right.sizes[1], columns, "sizes of a product");
        let place = Place { values: self.values.as_mut_ptr(), stride: self.stride };
        // SAFETY: the constructor has checked that all elements lie within the slice, which is borrowed alone.
        unsafe { place.write(left, right, scale, former, workers) }
    }
}

/// Where a product is written to.
struct Place {
    values: *mut f32,
    /// Distance of two rows.
    stride: usize,
}

impl Place {
    /// Writes or adds `scale` · left · right, whose sizes fit.
    ///
    /// # Safety
    /// All elements of the product may be written, and read if they are kept, by this call alone.
    unsafe fn write(self, left: Matrix<'_>, right: Matrix<'_>, scale: f32, former: Former, workers: Workers) {
        let parallelism = match workers {
            Workers::Caller => gemm::Parallelism::None,
            Workers::Pool => gemm::Parallelism::Rayon(0),
        };
        // SAFETY: the constructors have checked that all elements of the factors lie within their slices; the caller
        // answers for the product.
        unsafe {
            gemm::gemm(
                left.sizes[0],
                right.sizes[1],
                left.sizes[1],
                self.values,
                1,
                self.stride as isize,
                former == Former::Kept,
                left.values.as_ptr(),
                left.strides[1] as isize,
                left.strides[0] as isize,
                right.values.as_ptr(),
                right.strides[1] as isize,
                right.strides[0] as isize,
                1.0,
                scale,
                false,
                false,
                false,
                parallelism,
            );
        }
    }
}

/// Returns the number of values from the first to the last element.
fn reach([rows, columns]: [usize; 2], [down, along]: [usize; 2]) -> usize {
    match rows * columns {
        0 => 0,
        _ => (rows - 1) * down + (columns - 1) * along + 1,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{assert_close, values, with_threads};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn products_of_turned_and_cut_matrices_are_those_of_the_plain_loop(
            (rows, depth, columns) in (1..20_usize, 0..20_usize, 1..20_usize),
            (gap, seed) in (0..3_usize, any::<u32>()),
            kept in any::<bool>(),
        ) {
            let (left, right) = (values(depth * (rows + gap), seed), values(depth * columns, seed ^ 1));
            let old = values(rows * (columns + gap), seed ^ 2);
            let mut found = old.clone();
            let former = if kept { Former::Kept } else { Former::Replaced };
            MatrixMut::new(&mut found, [rows, columns], columns + gap).multiply(
                Matrix::new(&left, [depth, rows], [rows + gap, 1]).turned(),
                Matrix::dense(&right, depth, columns),
                0.5,
                former,
                Workers::Caller,
            );
            let mut wanted = old;
            for row in 0..rows {
                for column in 0..columns {
                    let terms = (0..depth).map(|k| left[k * (rows + gap) + row] * right[k * columns + column]);
                    let sum = &mut wanted[row * (columns + gap) + column];
                    *sum = 0.5 * terms.sum::<f32>() + if kept { *sum } else { 0.0 };
                }
            }
            assert_close(&found, &wanted)?;
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (left, right) = (values(150 * 90, 1), values(90 * 130, 2));
        let [one, three] = with_threads(|| {
            let mut product = vec![0.0; 150 * 130];
            MatrixMut::new(&mut product, [150, 130], 130).multiply(
                Matrix::dense(&left, 150, 90),
                Matrix::dense(&right, 90, 130),
                1.0,
                Former::Replaced,
                Workers::Pool,
            );
            product
        });
        assert_eq!(one, three);
    }

    #[test]
    fn a_product_of_its_own_is_the_one_that_is_written() {
        let (left, right) = (values(5 * 7, 1), values(7 * 3, 2));
        let (left, right) = (Matrix::dense(&left, 5, 7).rows(1, 3), Matrix::dense(&right, 7, 3));
        let mut written = vec![f32::NAN; 9];
        let mut product = MatrixMut::new(&mut written, [3, 3], 3);
        product.multiply(left, right, 1.0, Former::Replaced, Workers::Caller);
        assert_eq!(left.times(right, Workers::Caller), written);
        let nothing: Matrix<'_> = Matrix::dense(&[], 2, 0);
        assert_eq!(nothing.times(Matrix::dense(&[], 0, 2), Workers::Caller), [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "reach beyond 11")]
    fn a_matrix_larger_than_its_slice_is_refused() {
        Matrix::dense(&[0.0; 11], 3, 4);
    }
}
