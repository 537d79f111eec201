use std::cmp::Ordering;

/// Returns how many n-grams of `order` two sequences have in common, each as often as it is in both.
pub(super) fn overlap<T: Ord>(left: &[T], right: &[T], order: usize) -> u64 {
    let (left, right) = (sorted(left, order), sorted(right, order));
    let (mut from_left, mut from_right, mut common) = (0, 0, 0);
    while let (Some(a), Some(b)) = (left.get(from_left), right.get(from_right)) {
        let order = a.cmp(b);
        from_left += usize::from(order != Ordering::Greater);
        from_right += usize::from(order != Ordering::Less);
        common += u64::from(order == Ordering::Equal);
    }
    common
}

fn sorted<T: Ord>(sequence: &[T], order: usize) -> Vec<&[T]> {
    let mut grams: Vec<&[T]> = sequence.windows(order).collect();
    grams.sort_unstable();
    grams
}

/// Returns how many n-grams of `order` a sequence of a length has.
pub(super) fn grams(length: usize, order: usize) -> u64 {
    (length + 1).saturating_sub(order) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn counted(sequence: &[u8], order: usize) -> HashMap<&[u8], u64> {
        let mut counts = HashMap::new();
        for gram in sequence.windows(order) {
            *counts.entry(gram).or_default() += 1;
        }
        counts
    }

    fn letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0u8..4, 0..40)
    }

    proptest! {
        #[test]
        fn common_grams_are_clipped_counts(left in letters(), right in letters(), order in 1usize..6) {
            let (ours, theirs) = (counted(&left, order), counted(&right, order));
            let clipped = |(gram, &count): (&&[u8], &u64)| count.min(theirs.get(gram).copied().unwrap_or(0));
            prop_assert_eq!(overlap(&left, &right, order), ours.iter().map(clipped).sum::<u64>());
            prop_assert_eq!(grams(left.len(), order), ours.values().sum::<u64>());
        }
    }
}
