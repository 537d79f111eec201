//! A class-balanced limit on the number of examples.

/// How many examples of each class are still admitted.
#[derive(Debug, Clone)]
pub(crate) struct ClassQuota {
    left: Vec<usize>,
}

impl ClassQuota {
    /// Returns the quota of a part with `counts[c]` examples of class `c`, of which at most `limit` are wanted.
    pub(crate) fn new(limit: Option<usize>, counts: &[usize]) -> Self {
        let Some(limit) = limit else {
            return Self { left: counts.to_vec() };
        };
        let (share, extra) = (limit / counts.len().max(1), limit % counts.len().max(1));
        let left =
            counts.iter().enumerate().map(|(class, &count)| count.min(share + usize::from(class < extra))).collect();
        Self { left }
    }

    /// Returns how many more examples will be admitted.
    pub(crate) fn total(&self) -> usize {
        self.left.iter().sum()
    }

    /// Returns whether the next example of class `label` is within the limit, and counts it.
    pub(crate) fn admits(&mut self, label: u32) -> bool {
        match self.left.get_mut(label as usize) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_shared_between_the_classes() {
        // 7 over 3 classes: 3, 2, 2; the third class has only one example.
        let mut quota = ClassQuota::new(Some(7), &[5, 5, 1]);
        assert_eq!(quota.total(), 6);
        let admitted: Vec<bool> = [0, 0, 0, 0, 2, 2, 1].map(|label| quota.admits(label)).to_vec();
        assert_eq!(admitted, [true, true, true, false, true, false, true]);
        assert_eq!(quota.total(), 1);
    }

    #[test]
    fn no_limit_admits_what_was_counted() {
        assert_eq!(ClassQuota::new(None, &[5, 5, 1]).total(), 11);
    }
}
