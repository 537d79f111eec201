use crate::RunError;

/// Largest relative difference allowed of a float model: sums of up to some ten thousand products in another
/// order differ by 1e-6 per layer, and a network has tens of layers.
pub const FLOAT_TOLERANCE: f64 = 1e-4;

/// Largest relative difference allowed of an int8 model: where two runtimes' sums fall on different sides of
/// a rounding tie an activation moves by one of its 255 steps, and a few such steps reach the logits. Trained
/// networks differed by 4e-3 to 1.5e-2 in tract; this leaves a factor of three and is no derived bound.
pub const INT8_TOLERANCE: f64 = 5e-2;

/// How well logits agree with reference logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parity {
    /// Pictures compared.
    pub rows: usize,
    /// Largest difference of two logits; infinite if one of them is no number.
    pub max_abs: f64,
    /// Largest difference of two logits, each divided by the largest |reference| of its row.
    pub max_rel: f64,
    /// Pictures that both give the same most probable class.
    pub same_class: usize,
}

impl Parity {
    /// Returns whether no logit differs by more than `tolerance`, relative to the largest of its row.
    pub fn within(&self, tolerance: f64) -> bool {
        self.max_rel <= tolerance
    }
}

/// Returns how well `found` agrees with `reference`, both `[rows, classes]` row by row.
///
/// # Errors
/// If they are of different lengths, or no whole number of rows.
pub fn parity(reference: &[f32], found: &[f32], classes: usize) -> Result<Parity, RunError> {
    if classes == 0 || reference.len() != found.len() || !reference.len().is_multiple_of(classes) {
        return Err(RunError::Rows { wanted: reference.len(), classes, found: found.len() });
    }
    let mut parity = Parity { rows: 0, max_abs: 0.0, max_rel: 0.0, same_class: 0 };
    for (reference, found) in reference.chunks_exact(classes).zip(found.chunks_exact(classes)) {
        let largest = reference.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs())));
        let difference = reference.iter().zip(found).map(difference).fold(0.0, f64::max);
        let relative = match difference {
            0.0 => 0.0,
            f64::INFINITY => f64::INFINITY,
            _ => difference / largest,
        };
        parity.rows += 1;
        parity.max_abs = parity.max_abs.max(difference);
        parity.max_rel = parity.max_rel.max(relative);
        parity.same_class += usize::from(class(reference) == class(found));
    }
    Ok(parity)
}

fn difference((reference, found): (&f32, &f32)) -> f64 {
    let difference = (f64::from(*reference) - f64::from(*found)).abs();
    if difference.is_nan() { f64::INFINITY } else { difference }
}

fn class(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).max_by(|&left, &right| logits[left].total_cmp(&logits[right]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_to_the_largest_reference_of_the_row() {
        let reference = [1.0, -4.0, 0.0, 100.0];
        let found = [1.5, -4.0, 1.0, 100.0];
        let parity = parity(&reference, &found, 2).unwrap();
        assert_eq!(parity, Parity { rows: 2, max_abs: 1.0, max_rel: 0.125, same_class: 2 });
        assert!(parity.within(0.125) && !parity.within(0.124));
    }

    #[test]
    fn what_is_no_number_never_agrees() {
        let not_a_number = parity(&[1.0, 2.0], &[1.0, f32::NAN], 2).unwrap();
        assert!(!not_a_number.within(1e30));
        let from_zero = parity(&[0.0, 0.0], &[0.0, 1e-9], 2).unwrap();
        assert!(!from_zero.within(1e30));
        assert!(parity(&[0.0, 0.0], &[0.0, 0.0], 2).unwrap().within(0.0));
    }

    #[test]
    fn tables_of_different_lengths_are_refused() {
        let message = parity(&[0.0; 4], &[0.0; 3], 2).unwrap_err().to_string();
        assert_eq!(message, "parity wants as many values as the reference, 4 in rows of 2, found 3");
    }
}
