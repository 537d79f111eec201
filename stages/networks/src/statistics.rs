use std::collections::BTreeMap;

use spaces::BATCH_NORM_EPSILON;

/// Mean and variance per channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Means.
    pub mean: Vec<f32>,
    /// Biased variances.
    pub variance: Vec<f32>,
}

impl Moments {
    /// Returns 1 / √(σ² + ε) of a channel.
    pub fn inverse_deviation(&self, channel: usize) -> f32 {
        1.0 / (self.variance[channel] + BATCH_NORM_EPSILON).sqrt()
    }

    fn blend(&mut self, other: &Moments, share: f32) {
        let blend = |own: &mut Vec<f32>, other: &[f32]| {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += share * (other - *own));
        };
        blend(&mut self.mean, &other.mean);
        blend(&mut self.variance, &other.variance);
    }
}

/// Moments of the batch normalisations of one network, by node name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Moments by node name.
    pub moments: BTreeMap<String, Moments>,
    batches: usize,
}

impl From<BTreeMap<String, Moments>> for Statistics {
    fn from(moments: BTreeMap<String, Moments>) -> Self {
        Self { moments, batches: 0 }
    }
}

/// Weight of a new batch in running moments (the usual value of the field).
const MOMENTUM: f32 = 0.1;

impl Statistics {
    /// Moves the moments a tenth of the way to those of a batch; the first batch is taken whole.
    pub fn follow(&mut self, batch: &BTreeMap<String, Moments>) {
        self.blend(batch, MOMENTUM);
    }

    /// Averages the moments over all batches: the recalibration of a candidate.
    pub fn average(&mut self, batch: &BTreeMap<String, Moments>) {
        self.batches += 1;
        self.blend(batch, 1.0 / self.batches as f32);
    }

    fn blend(&mut self, batch: &BTreeMap<String, Moments>, share: f32) {
        for (name, moments) in batch {
            match self.moments.get_mut(name) {
                Some(own) => own.blend(moments, share),
                None => drop(self.moments.insert(name.clone(), moments.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(mean: f32) -> BTreeMap<String, Moments> {
        BTreeMap::from([("norm".to_owned(), Moments { mean: vec![mean], variance: vec![1.0] })])
    }

    #[test]
    fn averaged_moments_are_the_mean_over_batches() {
        let mut statistics = Statistics::default();
        [1.0, 2.0, 6.0].into_iter().for_each(|mean| statistics.average(&batch(mean)));
        assert_eq!(statistics.moments["norm"].mean, [3.0]);
    }

    #[test]
    fn running_moments_move_a_tenth_of_the_way() {
        let mut statistics = Statistics::default();
        statistics.follow(&batch(1.0));
        statistics.follow(&batch(2.0));
        assert_eq!(statistics.moments["norm"].mean, [1.1]);
    }
}
