use super::layer::Layer;
use crate::onnx::Attribute;

/// Lowers the largest value of each window; the padding is −∞.
pub(super) fn max(layer: &mut Layer<'_>, kernel: usize, stride: usize, padding: usize) {
    let input = layer.inputs[0];
    let window = vec![
        Attribute::Ints("kernel_shape", vec![kernel as i64; 2]),
        Attribute::Ints("strides", vec![stride as i64; 2]),
        Attribute::Ints("pads", vec![padding as i64; 4]),
    ];
    layer.last("MaxPool", &[input], window);
}

/// Lowers the mean over all positions.
pub(super) fn global_average(layer: &mut Layer<'_>) {
    let input = layer.inputs[0];
    layer.last("GlobalAveragePool", &[input], Vec::new());
}
