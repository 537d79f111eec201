use super::error::TranslationError;
use crate::parameters::NamedTensor;

/// Returns the mean of parameter sets of one network, value by value: what averaging the last checkpoints does.
///
/// # Errors
/// If there is none, or if keys or shapes differ.
pub fn average(sets: &[Vec<NamedTensor>]) -> Result<Vec<NamedTensor>, TranslationError> {
    let (first, others) = sets.split_first().ok_or(TranslationError::NothingToAverage)?;
    let mut sums: Vec<Vec<f64>> =
        first.iter().map(|(_, _, values)| values.iter().map(|&v| f64::from(v)).collect()).collect();
    for set in others {
        if set.len() != first.len() {
            return Err(TranslationError::SetsDiffer { key: first[set.len().min(first.len() - 1)].0.clone() });
        }
        for (((key, shape, values), sum), (wanted, wanted_shape, _)) in set.iter().zip(&mut sums).zip(first) {
            if key != wanted || shape != wanted_shape {
                return Err(TranslationError::SetsDiffer { key: wanted.clone() });
            }
            sum.iter_mut().zip(values).for_each(|(sum, &value)| *sum += f64::from(value));
        }
    }
    let count = sets.len() as f64;
    let mean = |sum: Vec<f64>| sum.into_iter().map(|sum| (sum / count) as f32).collect();
    Ok(first.iter().zip(sums).map(|((key, shape, _), sum)| (key.clone(), shape.clone(), mean(sum))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: [f32; 2]) -> Vec<NamedTensor> {
        vec![("a".to_owned(), vec![2], values.to_vec())]
    }

    #[test]
    fn the_mean_of_checkpoints_is_that_of_their_values() {
        assert_eq!(average(&[set([1.0, -2.0]), set([2.0, 4.0])]), Ok(set([1.5, 1.0])));
        assert_eq!(average(&[set([0.1, 0.2])]), Ok(set([0.1, 0.2])));
    }

    #[test]
    fn checkpoints_of_different_networks_have_no_mean() {
        let other = vec![("b".to_owned(), vec![2], vec![0.0; 2])];
        let error = average(&[set([1.0, 2.0]), other]).unwrap_err();
        assert_eq!(error.to_string(), "checkpoints to average differ at tensor `a`; average those of one training");
        assert_eq!(average(&[]), Err(TranslationError::NothingToAverage));
    }
}
