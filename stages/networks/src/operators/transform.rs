use burn::Tensor;
use burn::tensor::{Device, Int, TensorData};

/// Returns the weight transform T (Eq. 8 of ShiftAddNAS): every weight times the learned factor of its segment.
///
/// Gradients reach both: dα_i = Σ over segment i of w · g, dw = α · g. Segments are constants.
///
/// # Shapes
/// - `weight`, `segments`, returns: `[N]`
/// - `factors`: `[D]`, D segments
pub fn transform(weight: Tensor<1>, factors: Tensor<1>, segments: Tensor<1, Int>) -> Tensor<1> {
    weight * factors.select(0, segments)
}

/// Returns each weight's segment: weights sorted in descending order (ties by position) and cut into `count`
/// runs of equal length, segment(rank) = ⌊rank · count / N⌋; with fewer weights than segments each has its own.
pub fn segments_of(weights: &[f32], count: usize) -> Vec<i32> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&left, &right| weights[right].total_cmp(&weights[left]));
    let count = count.min(weights.len());
    let mut segments = vec![0; weights.len()];
    for (rank, at) in order.into_iter().enumerate() {
        segments[at] = (rank * count / weights.len()) as i32;
    }
    segments
}

/// Returns the segments of a weight as indices on `device`.
pub fn segment_indices(weight: Tensor<1>, count: usize, device: &Device) -> Tensor<1, Int> {
    let data = weight.without_autodiff().into_data().convert::<f32>();
    let segments = segments_of(data.as_slice().expect("converted to f32"), count);
    let length = segments.len();
    Tensor::from_data(TensorData::new(segments, [length]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [f32; 8] = [1.2, -0.3, 0.05, 2.4, -1.9, 0.7, -0.8, 0.0];

    /// Three segments of 8 weights: ⌊rank · 3 / 8⌋ puts ranks 0–2, 3–5 and 6–7 together.
    #[test]
    fn ranks_are_cut_into_equal_segments() {
        assert_eq!(segments_of(&WEIGHTS, 3), [0, 1, 1, 0, 2, 0, 2, 1]);
        assert_eq!(segments_of(&[1.0, 2.0], 200), [1, 0]);
    }

    #[test]
    fn every_weight_is_scaled_by_its_segment_and_gradients_reach_both() {
        let device = Device::flex().autodiff();
        let weight = Tensor::<1>::from_floats(WEIGHTS, &device).require_grad();
        let factors = Tensor::<1>::from_floats([0.5, -1.0, 2.0], &device).require_grad();
        let segments = segment_indices(weight.clone(), 3, &device);
        let output = transform(weight.clone(), factors.clone(), segments);
        let values: Vec<f32> = output.to_data().try_into_vec().unwrap();
        assert_eq!(values, [0.6, 0.3, -0.05, 1.2, -3.8, 0.35, -1.6, -0.0]);
        let gradients = output.sum().backward();
        let of_factors: Vec<f32> = factors.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        let sums = [1.2 + 2.4 + 0.7, -0.3 + 0.05 + 0.0, -1.9 - 0.8];
        for (found, wanted) in of_factors.iter().zip(sums) {
            assert!((found - wanted).abs() < 1e-6, "{of_factors:?}");
        }
        let of_weight: Vec<f32> = weight.grad(&gradients).unwrap().into_data().try_into_vec().unwrap();
        assert_eq!(of_weight, [0.5, -1.0, -1.0, 0.5, 2.0, 0.5, 2.0, -1.0]);
    }
}
