/// Layers of an architecture.
const LAYERS: u32 = 16;

/// Most layers of a level in the release's enumerator.
const MOST_LAYERS: u32 = 9;

/// How many of the layers stand at each level, finest first.
pub type Allocation = [u32; 4];

/// Which allocations of 16 layers to four levels a space has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocationRule {
    /// Fewest and most layers per level, both included.
    Ranges([[u32; 2]; 4]),
    /// No finer level has more layers than a coarser one, each 1 to 9. For each pair of the finest two a walk from
    /// both ends meets the allocations of the other two from the outside in; it ends after `hits` of them.
    NonDecreasing {
        /// Most allocations per pair.
        hits: usize,
    },
    /// Every level at least once.
    EveryLevel,
    /// From some level on every coarser one at least once.
    AnyStart,
}

/// A search space of vision networks that the paper or its release describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisionSpace {
    /// What it is called here.
    pub name: &'static str,
    /// Which allocations it has.
    pub rule: AllocationRule,
    /// Operators offered at each level, finest first.
    pub operators: [u32; 4],
}

/// Operators that the release samples: Attention stands at the two coarsest levels, Add and Shift not at the coarsest.
const SAMPLED: [u32; 4] = [3, 3, 4, 2];

/// Ranges of Table 2 of `ShiftAddNAS`.
const TABLE_2: AllocationRule = AllocationRule::Ranges([[1, 4], [1, 4], [3, 7], [4, 9]]);

static VISION_SPACES: [VisionSpace; 6] = [
    VisionSpace { name: "paper", rule: TABLE_2, operators: SAMPLED },
    VisionSpace { name: "paper-four-operators", rule: TABLE_2, operators: [3, 3, 4, 4] },
    VisionSpace { name: "release-v2", rule: AllocationRule::NonDecreasing { hits: 2 }, operators: SAMPLED },
    VisionSpace { name: "release-v1", rule: AllocationRule::NonDecreasing { hits: usize::MAX }, operators: SAMPLED },
    VisionSpace { name: "every-level", rule: AllocationRule::EveryLevel, operators: SAMPLED },
    VisionSpace { name: "any-start", rule: AllocationRule::AnyStart, operators: SAMPLED },
];

/// Returns the spaces: `paper` is Table 2 with the operators that the release samples, about 10⁹ as the paper says;
/// `paper-four-operators` has all four at the coarsest level as well; `release-v2` and `release-v1` are what the
/// release enumerates; the last two have no ranges.
pub const fn vision_spaces() -> &'static [VisionSpace] {
    &VISION_SPACES
}

impl VisionSpace {
    /// Returns its allocations.
    pub fn allocations(&self) -> Vec<Allocation> {
        match self.rule {
            AllocationRule::Ranges(ranges) => {
                all(|allocation| allocation.iter().zip(ranges).all(|(layers, [min, max])| (min..=max).contains(layers)))
            }
            AllocationRule::NonDecreasing { hits } => non_decreasing(hits),
            AllocationRule::EveryLevel => all(|allocation| allocation.iter().all(|&layers| layers > 0)),
            AllocationRule::AnyStart => all(|allocation| {
                let start = allocation.iter().position(|&layers| layers > 0);
                start.is_some_and(|start| allocation[start..].iter().all(|&layers| layers > 0))
            }),
        }
    }

    /// Returns the number of architectures, the sum over the allocations of one factor per layer, its operators;
    /// `None` if it exceeds 128 bits.
    pub fn size(&self) -> Option<u128> {
        let of_allocation = |allocation: Allocation| {
            let mut levels = allocation.into_iter().zip(self.operators);
            levels.try_fold(1_u128, |size, (layers, operators)| {
                size.checked_mul(u128::from(operators).checked_pow(layers)?)
            })
        };
        self.allocations().into_iter().try_fold(0_u128, |sum, allocation| sum.checked_add(of_allocation(allocation)?))
    }
}

/// Returns all ways to write 16 as four summands that `keep` keeps.
fn all(keep: impl Fn(&Allocation) -> bool) -> Vec<Allocation> {
    let mut found = Vec::new();
    for finest in 0..=LAYERS {
        for finer in 0..=LAYERS - finest {
            for coarser in 0..=LAYERS - finest - finer {
                found.push([finest, finer, coarser, LAYERS - finest - finer - coarser]);
            }
        }
    }
    found.retain(keep);
    found
}

fn non_decreasing(hits: usize) -> Vec<Allocation> {
    let mut found = Vec::new();
    for finest in 1..=MOST_LAYERS {
        for finer in finest..=MOST_LAYERS {
            // From the outside in: the fewest layers at the third level first.
            let walk = (finer..=MOST_LAYERS).filter_map(|coarser| {
                let coarsest = LAYERS.checked_sub(finest + finer + coarser)?;
                (coarser..=MOST_LAYERS).contains(&coarsest).then_some([finest, finer, coarser, coarsest])
            });
            found.extend(walk.take(hits));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spaces_have_these_allocations_and_sizes() {
        let found: Vec<_> = vision_spaces()
            .iter()
            .map(|space| (space.name, space.allocations().len(), space.size().unwrap()))
            .collect();
        let wanted = [
            ("paper", 66, 1_314_183_168),
            ("paper-four-operators", 66, 75_984_666_624),
            ("release-v2", 19, 198_955_008),
            ("release-v1", 27, 335_499_264),
            ("every-level", 455, 33_487_919_496),
            ("any-start", 576, 50_323_742_592),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn the_releases_enumerator_ends_a_walk_after_two_hits() {
        let found = non_decreasing(2);
        assert_eq!(found[..3], [[1, 1, 5, 9], [1, 1, 6, 8], [1, 2, 4, 9]]);
        assert_eq!(found[15..], [[3, 3, 3, 7], [3, 3, 4, 6], [3, 4, 4, 5], [4, 4, 4, 4]]);
        let most = [[1, 1, 5, 9], [1, 1, 6, 8], [1, 1, 7, 7]];
        assert_eq!(non_decreasing(usize::MAX)[..3], most);
    }

    #[test]
    fn a_size_beyond_128_bits_is_none() {
        let space = VisionSpace { operators: [u32::MAX; 4], ..vision_spaces()[0] };
        assert_eq!(space.size(), None);
    }
}
