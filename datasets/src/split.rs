//! Carves a validation split out of a training part.

use std::fmt;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::SourceError;

/// What the examples of a split may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Weights are fitted to it.
    Train,
    /// Choices are made by it: which architecture, which checkpoint.
    Valid,
    /// Reported numbers are measured on it, once.
    Test,
}

impl Role {
    /// Every role, in the order splits are stored.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        })
    }
}

/// Returns the indices of the training and of the validation examples, both ascending.
///
/// Each class gives the rounded `fraction` of its examples to validation, at least one if it has two; a class with
/// one example keeps it for training. Which ones is decided by `seed` and the class alone, so adding examples of
/// one class does not move those of another.
///
/// # Errors
/// [`SourceError::Split`] when `fraction` is not between 0 and 1 or a split would be empty,
/// [`SourceError::LabelInMemory`] when a label is not below `classes`.
pub fn carve_valid(
    labels: &[u32],
    classes: usize,
    fraction: f64,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), SourceError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        let wanted = "a fraction above 0 and below 1 is needed";
        return Err(SourceError::Split { wanted, found: fraction.to_string() });
    }
    let (mut train, mut valid) = (Vec::new(), Vec::new());
    for (class, mut members) in by_class(labels, classes)?.into_iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(class as u64);
        members.shuffle(&mut rng);
        let rest = members.split_off(valid_count(members.len(), fraction));
        valid.append(&mut members);
        train.extend(rest);
    }
    if train.is_empty() || valid.is_empty() {
        let wanted = "a class with at least two examples is needed";
        return Err(SourceError::Split { wanted, found: format!("{} examples in all", labels.len()) });
    }
    train.sort_unstable();
    valid.sort_unstable();
    Ok((train, valid))
}

fn by_class(labels: &[u32], classes: usize) -> Result<Vec<Vec<usize>>, SourceError> {
    let mut members = vec![Vec::new(); classes];
    for (index, &found) in labels.iter().enumerate() {
        let class = members.get_mut(found as usize);
        class.ok_or(SourceError::LabelInMemory { index, classes, found })?.push(index);
    }
    Ok(members)
}

fn valid_count(members: usize, fraction: f64) -> usize {
    match members {
        0 | 1 => 0,
        _ => ((members as f64 * fraction).round() as usize).clamp(1, members - 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_class_gives_its_share() {
        let labels: Vec<u32> = (0..100).map(|index| u32::from(index % 10 == 0)).collect();
        let (train, valid) = carve_valid(&labels, 2, 0.2, 1).unwrap();
        let rare = |split: &[usize]| split.iter().filter(|&&index| labels[index] == 1).count();
        assert_eq!((train.len(), rare(&train)), (80, 8));
        assert_eq!((valid.len(), rare(&valid)), (20, 2));
    }

    #[test]
    fn the_seed_decides_and_other_classes_do_not_matter() {
        let alone = carve_valid(&[0; 50], 1, 0.3, 4).unwrap();
        assert_eq!(alone, carve_valid(&[0; 50], 1, 0.3, 4).unwrap());
        assert_ne!(alone, carve_valid(&[0; 50], 1, 0.3, 5).unwrap());
        let more = [vec![0; 50], vec![1; 20]].concat();
        let (_, valid) = carve_valid(&more, 2, 0.3, 4).unwrap();
        assert_eq!(valid[..15], alone.1[..]);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        let message = |result: Result<(Vec<usize>, Vec<usize>), SourceError>| result.unwrap_err().to_string();
        for fraction in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(message(carve_valid(&[0, 0], 1, fraction, 1)).contains("a fraction above 0 and below 1"));
        }
        assert!(message(carve_valid(&[0, 1], 2, 0.5, 1)).contains("found 2 examples in all"));
        assert!(message(carve_valid(&[0, 2], 2, 0.5, 1)).contains("label of example 1 must be below 2, found 2"));
    }

    proptest! {
        #[test]
        fn the_splits_are_disjoint_sorted_and_cover_everything(
            labels in prop::collection::vec(0u32..5, 11..200),
            fraction in 0.01f64..0.99,
            seed in any::<u64>(),
        ) {
            let (train, valid) = carve_valid(&labels, 5, fraction, seed).unwrap();
            prop_assert!(train.is_sorted() && valid.is_sorted());
            let mut all = [train.clone(), valid].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            for class in &labels {
                prop_assert!(train.iter().any(|&index| labels[index] == *class));
            }
        }
    }
}
