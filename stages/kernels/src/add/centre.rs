use std::borrow::Cow;
use std::iter;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::Window;
use crate::lines::Sum;

/// Weights are centred if the magnitudes of their means are more than this share of their own. If they are not, then
/// Σ|w − c| ≥ Σ|w| − Σ|c| is at least a quarter of Σ|w|.
const OFFSET: f32 = 0.75;

/// The weights of an add layer about the centre of each input channel, where an offset would cost digits.
pub(super) struct Centred<'a> {
    /// `[O, K]`, less the centres.
    pub weight: Cow<'a, [f32]>,
    /// The centre of each input channel; all 0 if `None`.
    pub centre: Option<Vec<f32>>,
}

impl<'a> Centred<'a> {
    /// Returns the weights less the mean of each channel, or as they are where the means are small.
    pub fn of(arch: Arch, window: &Window, weight: &'a [f32]) -> Self {
        let (taps, area) = (window.taps(), window.kernel.pow(2));
        let groups = weight.par_chunks(weight.len() / window.groups);
        let profiles: Vec<Profile> = groups.map(|weight| Profile::of(arch, weight, taps, area)).collect();
        let magnitude: f32 = profiles.iter().map(|profile| profile.magnitude).sum();
        let offset: f32 = profiles.iter().map(|profile| profile.offset).sum();
        if offset <= OFFSET * magnitude {
            return Self { weight: Cow::Borrowed(weight), centre: None };
        }
        let by_tap = profiles.iter().map(|profile| {
            let centres = profile.centres.iter();
            centres.flat_map(|&centre| iter::repeat_n(centre, area)).collect::<Vec<f32>>()
        });
        let groups = weight.chunks_exact(weight.len() / window.groups).zip(by_tap);
        let filters = groups.flat_map(|(weight, centre)| {
            let filters = weight.chunks_exact(taps);
            filters.flat_map(|filter| filter.iter().zip(&centre).map(|(w, centre)| w - centre)).collect::<Vec<f32>>()
        });
        Self {
            weight: filters.collect(),
            centre: Some(profiles.into_iter().flat_map(|profile| profile.centres).collect()),
        }
    }

    /// Returns inputs `[B, C]` less the centres.
    pub fn rows<'x>(&self, input: &'x [f32]) -> Cow<'x, [f32]> {
        let Some(centre) = &self.centre else { return Cow::Borrowed(input) };
        let rows = input.chunks_exact(centre.len());
        Cow::Owned(rows.flat_map(|row| row.iter().zip(centre).map(|(x, centre)| x - centre)).collect())
    }
}

/// What the weights of a group are like.
struct Profile {
    /// The mean weight of each input channel.
    centres: Vec<f32>,
    /// Σ |w|.
    magnitude: f32,
    /// Σ |c| over all weights.
    offset: f32,
}

impl Profile {
    fn of(arch: Arch, weight: &[f32], taps: usize, area: usize) -> Self {
        let (mut totals, mut magnitudes) = (vec![0.0; taps], vec![0.0; taps]);
        for filter in weight.chunks_exact(taps) {
            arch.dispatch(AddFilter { filter, totals: &mut totals, magnitudes: &mut magnitudes });
        }
        let count = (weight.len() / taps * area) as f32;
        let centres: Vec<f32> = totals.chunks_exact(area).map(|totals| totals.iter().sum::<f32>() / count).collect();
        let offset = count * centres.iter().map(|centre| centre.abs()).sum::<f32>();
        Self { centres, magnitude: magnitudes.iter().sum(), offset }
    }
}

/// Adds a filter to totals and its magnitudes to theirs.
struct AddFilter<'a> {
    filter: &'a [f32],
    totals: &'a mut [f32],
    magnitudes: &'a mut [f32],
}

impl WithSimd for AddFilter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (filter, rest) = S::as_simd_f32s(self.filter);
        let (totals, totals_rest) = S::as_mut_simd_f32s(self.totals);
        let (magnitudes, magnitudes_rest) = S::as_mut_simd_f32s(self.magnitudes);
        for ((&w, total), magnitude) in filter.iter().zip(totals).zip(magnitudes) {
            *total = simd.add_f32s(*total, w);
            *magnitude = simd.add_f32s(*magnitude, simd.abs_f32s(w));
        }
        for ((&w, total), magnitude) in rest.iter().zip(totals_rest).zip(magnitudes_rest) {
            *total += w;
            *magnitude += w.abs();
        }
    }
}

/// Returns Σ G of each output channel, over pictures and positions.
pub(super) fn output_sums(arch: Arch, window: &Window, upstream: &[f32]) -> Vec<f32> {
    let mut totals = vec![0.0; window.out_channels];
    for picture in upstream.chunks_exact(window.out_channels * window.positions()) {
        let planes = picture.chunks_exact(window.positions());
        totals.iter_mut().zip(planes).for_each(|(total, plane)| *total += arch.dispatch(Sum(plane)));
    }
    totals
}

/// Returns the sum of each row.
pub(super) fn row_sums(arch: Arch, values: &[f32], columns: usize) -> Vec<f32> {
    values.par_chunks_exact(columns).map(|row| arch.dispatch(Sum(row))).collect()
}
