use super::call::{Call, Outcome, name};
use super::{LayersError, attribute, distances, elementwise, matrix, movement, normalization, slice as slices, window};

/// Returns what a node of opset 9 to 18 writes and what it costs.
pub(super) fn outcome(call: &Call<'_>) -> Result<Outcome, LayersError> {
    let operator = call.node.op_type.as_str();
    if !matches!(call.node.domain.as_str(), "" | "ai.onnx") {
        return Err(unknown(call));
    }
    if operator != "Scan" && attribute::has_graph(call.node) {
        return Err(unknown(call));
    }
    match operator {
        "Conv" => window::convolution(call),
        "MaxPool" | "AveragePool" => window::pool(call),
        "GlobalAveragePool" | "GlobalMaxPool" => window::global_pool(call),
        "Gemm" => matrix::gemm(call),
        "MatMul" => matrix::product(call),
        "Scan" => distances::scan(call),
        "BatchNormalization" => normalization::batch(call),
        "InstanceNormalization" | "LayerNormalization" | "GroupNormalization" => normalization::other(call),
        "Relu" => elementwise::relu(call),
        _ => moving(call),
    }
}

fn moving(call: &Call<'_>) -> Result<Outcome, LayersError> {
    match call.node.op_type.as_str() {
        "Identity" | "Cast" | "Dropout" | "Neg" => movement::same(call),
        "QuantizeLinear" => movement::quantized(call),
        "DequantizeLinear" => movement::dequantized(call),
        "Constant" => movement::constant(call),
        "Shape" => movement::shape(call),
        "Reshape" => movement::reshape(call),
        "Flatten" => movement::flatten(call),
        "Transpose" => movement::transpose(call),
        "Concat" => movement::concat(call),
        "Split" => movement::split(call),
        "Slice" => slices::slice(call),
        "Squeeze" => movement::squeeze(call),
        "Unsqueeze" => movement::unsqueeze(call),
        "Pad" => movement::pad(call),
        "Expand" => movement::expand(call),
        "Gather" => movement::gather(call),
        _ => single_values(call),
    }
}

fn single_values(call: &Call<'_>) -> Result<Outcome, LayersError> {
    match call.node.op_type.as_str() {
        "Add" | "Sub" | "Mul" | "Div" | "Pow" | "Min" | "Max" | "Sum" | "Mean" | "PRelu" | "Where" | "Equal"
        | "Greater" | "GreaterOrEqual" | "Less" | "LessOrEqual" | "And" | "Or" | "Xor" | "Mod" => {
            elementwise::combined(call)
        }
        "Abs" | "Ceil" | "Celu" | "Clip" | "Cos" | "Elu" | "Erf" | "Exp" | "Floor" | "HardSigmoid" | "HardSwish"
        | "LeakyRelu" | "Log" | "LogSoftmax" | "LRN" | "Mish" | "Not" | "Reciprocal" | "Round" | "Selu" | "Sigmoid"
        | "Sign" | "Sin" | "Softmax" | "Softplus" | "Softsign" | "Sqrt" | "Tanh" | "ThresholdedRelu" => {
            elementwise::function(call)
        }
        "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceProd" | "ReduceL1" | "ReduceL2"
        | "ReduceSumSquare" | "ReduceLogSum" | "ReduceLogSumExp" => elementwise::reduced(call),
        _ => Err(unknown(call)),
    }
}

fn unknown(call: &Call<'_>) -> LayersError {
    let separator = if call.node.domain.is_empty() { "" } else { "::" };
    LayersError::Operator {
        node: name(call.node).to_owned(),
        operator: format!("{}{separator}{}", call.node.domain, call.node.op_type),
    }
}
