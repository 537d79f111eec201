//! The linear layer on rows, y = x Wᵀ + b, forward and backward.

use rayon::prelude::*;

use crate::product::{Former, Matrix, MatrixMut, Workers};

/// Rows whose share of the bias's gradient one task sums. Part of its rounding, hence fixed.
const ROWS: usize = 64;

/// Returns the outputs, `[N, O]`, of `[N, I]` inputs and `[O, I]` weights.
///
/// # Panics
/// If the sizes do not fit.
pub fn forward(input: Matrix<'_>, weight: Matrix<'_>, bias: &[f32]) -> Vec<f32> {
    let ([rows, _], outputs) = (input.sizes(), bias.len());
    let mut output = Vec::with_capacity(rows * outputs);
    (0..rows).for_each(|_| output.extend_from_slice(bias));
    let mut product = MatrixMut::new(&mut output, [rows, outputs], outputs);
    product.multiply(input, weight.turned(), 1.0, Former::Kept, workers(input, outputs));
    output
}

/// Returns the gradients of input `[N, I]`, weight `[O, I]` and bias `[O]`.
///
/// # Panics
/// If the sizes do not fit.
pub fn backward(input: Matrix<'_>, weight: Matrix<'_>, upstream: &[f32]) -> [Vec<f32>; 3] {
    let ([rows, _], [outputs, _]) = (input.sizes(), weight.sizes());
    let slopes = Matrix::dense(upstream, rows, outputs);
    let workers = workers(input, outputs);
    let of_input = slopes.times(weight, workers);
    let of_weight = slopes.turned().times(input, workers);
    [of_input, of_weight, column_sums(upstream, outputs)]
}

/// Products below this number of terms are not worth the threads.
const SHARED: usize = 1 << 20;

fn workers(input: Matrix<'_>, outputs: usize) -> Workers {
    let [rows, inputs] = input.sizes();
    if rows * inputs * outputs < SHARED { Workers::Caller } else { Workers::Pool }
}

fn column_sums(rows: &[f32], width: usize) -> Vec<f32> {
    let of_block = |block: &[f32]| {
        let mut sums = vec![0.0; width];
        block.chunks_exact(width).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
        sums
    };
    let blocks: Vec<Vec<f32>> = rows.par_chunks(ROWS * width.max(1)).map(of_block).collect();
    let mut sums = vec![0.0; width];
    blocks.iter().for_each(|block| sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value));
    sums
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{assert_close, values, with_threads};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn outputs_and_gradients_are_those_of_the_plain_loop(
            (rows, inputs, outputs) in (1..150_usize, 1..20_usize, 1..20_usize),
            seed in any::<u32>(),
        ) {
            let (x, w, b) = (values(rows * inputs, seed), values(outputs * inputs, seed ^ 1), values(outputs, seed ^ 2));
            let g = values(rows * outputs, seed ^ 3);
            let (mut y, mut of_x) = (vec![0.0; rows * outputs], vec![0.0; rows * inputs]);
            let (mut of_w, mut of_b) = (vec![0.0; outputs * inputs], vec![0.0; outputs]);
            for row in 0..rows {
                for output in 0..outputs {
                    let slope = g[row * outputs + output];
                    y[row * outputs + output] += b[output];
                    of_b[output] += slope;
                    for at in 0..inputs {
                        let (x, w) = (x[row * inputs + at], w[output * inputs + at]);
                        y[row * outputs + output] += x * w;
                        of_x[row * inputs + at] += slope * w;
                        of_w[output * inputs + at] += slope * x;
                    }
                }
            }
            let (input, weight) = (Matrix::dense(&x, rows, inputs), Matrix::dense(&w, outputs, inputs));
            assert_close(&forward(input, weight, &b), &y)?;
            let found = backward(input, weight, &g);
            for (found, wanted) in found.iter().zip([of_x, of_w, of_b]) {
                assert_close(found, &wanted)?;
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let (x, w, g) = (values(300 * 70, 1), values(60 * 70, 2), values(300 * 60, 3));
        let (input, weight) = (Matrix::dense(&x, 300, 70), Matrix::dense(&w, 60, 70));
        let [one, three] = with_threads(|| (forward(input, weight, &w[..60]), backward(input, weight, &g)));
        assert_eq!(one, three);
    }
}
