use burn::Tensor;
use burn::tensor::TensorData;
use kernels::Mask;

/// Returns the input with every value dropped with the mask's rate, and the others divided by the share that stays.
pub(crate) fn dropout<const D: usize>(input: Tensor<D>, mask: Mask) -> Tensor<D> {
    let factors = factors(input.dims(), mask, &input.device().inner());
    input * factors
}

/// Returns what a mask multiplies values by: 0, or 1 / (1 − rate).
pub(super) fn factors<const D: usize>(shape: [usize; D], mask: Mask, device: &burn::tensor::Device) -> Tensor<D> {
    let factors: Vec<f32> = (0..shape.iter().product()).map(|at| mask.factor(at)).collect();
    Tensor::from_data(TensorData::new(factors, shape), device)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn what_is_dropped_has_no_gradient_and_the_rest_is_scaled() {
        let input = Tensor::<2>::ones([40, 50], &Device::flex().autodiff()).require_grad();
        let output = dropout(input.clone(), Mask::new(0.25, 7));
        let gradient = input.grad(&output.clone().sum().backward()).unwrap();
        let output: Vec<f32> = output.into_data().try_into_vec().unwrap();
        assert_eq!(output, gradient.into_data().try_into_vec::<f32>().unwrap());
        let kept = output.iter().filter(|value| **value != 0.0).count();
        assert!(output.iter().all(|&value| value == 0.0 || value == 1.0 / 0.75));
        // 2000 draws with a standard deviation of 19.4: five of them around the mean.
        assert!((1403..=1597).contains(&kept), "{kept} of 2000 kept");
    }
}
