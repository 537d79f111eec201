//! Layers read off ONNX files as other tools write them.

use exports::{LayersError, OnnxLayer, OnnxWork, layers};
use onnx_protobuf::attribute_proto::AttributeType;
use onnx_protobuf::tensor_proto::DataType;
use onnx_protobuf::tensor_shape_proto::{Dimension, dimension};
use onnx_protobuf::{
    AttributeProto, GraphProto, Message, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TensorShapeProto,
    TypeProto, ValueInfoProto, type_proto,
};
use spaces::Arithmetic;

/// A model of another tool, that grows node by node.
struct Foreign {
    graph: GraphProto,
    opset: i64,
}

fn of_input(name: &str, sizes: &[i64]) -> ValueInfoProto {
    let size = |&size: &i64| {
        let value = if size < 0 { None } else { Some(dimension::Value::DimValue(size)) };
        Dimension { value, ..Dimension::new() }
    };
    let shape = TensorShapeProto { dim: sizes.iter().map(size).collect(), ..TensorShapeProto::new() };
    let elem_type = DataType::FLOAT as i32;
    let tensor = type_proto::Tensor { elem_type, shape: Some(shape).into(), ..type_proto::Tensor::new() };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..TypeProto::new() };
    ValueInfoProto { name: name.to_owned(), type_: Some(kind).into(), ..ValueInfoProto::new() }
}

impl Foreign {
    fn new(sizes: &[i64]) -> Self {
        let graph = GraphProto { input: vec![of_input("x", sizes)], ..GraphProto::new() };
        Self { graph, opset: 13 }
    }

    /// Adds a weight of values that are no powers of two.
    fn weight(self, name: &str, dims: &[i64]) -> Self {
        let count = dims.iter().product::<i64>() as usize;
        self.floats(name, dims, vec![0.3; count])
    }

    fn floats(mut self, name: &str, dims: &[i64], float_data: Vec<f32>) -> Self {
        self.graph.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: DataType::FLOAT as i32,
            float_data,
            ..TensorProto::new()
        });
        self
    }

    fn integers(mut self, name: &str, int64_data: &[i64]) -> Self {
        self.graph.initializer.push(TensorProto {
            name: name.to_owned(),
            dims: vec![int64_data.len() as i64],
            data_type: DataType::INT64 as i32,
            int64_data: int64_data.to_vec(),
            ..TensorProto::new()
        });
        self
    }

    /// Adds a node without a name of its own; an attribute of one number is an integer, others are lists.
    fn node(mut self, operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[i64])]) -> Self {
        let attribute = |&(name, numbers): &(&str, &[i64])| {
            let new = |kind: AttributeType| AttributeProto {
                name: name.to_owned(),
                type_: kind.into(),
                ..AttributeProto::new()
            };
            match numbers {
                &[i] => AttributeProto { i, ..new(AttributeType::INT) },
                ints => AttributeProto { ints: ints.to_vec(), ..new(AttributeType::INTS) },
            }
        };
        self.graph.node.push(NodeProto {
            op_type: operator.to_owned(),
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: attributes.iter().map(attribute).collect(),
            ..NodeProto::new()
        });
        self
    }

    fn bytes(mut self) -> Vec<u8> {
        let last = self.graph.node.last().map_or("x".to_owned(), |node| node.output[0].clone());
        self.graph.output.push(of_input(&last, &[1]));
        let opset = OperatorSetIdProto { version: self.opset, ..OperatorSetIdProto::new() };
        let model = ModelProto { opset_import: vec![opset], graph: Some(self.graph).into(), ..ModelProto::new() };
        model.write_to_bytes().unwrap()
    }

    fn layers(self) -> Vec<OnnxLayer> {
        layers(&self.bytes()).unwrap()
    }

    fn message(self) -> String {
        layers(&self.bytes()).unwrap_err().to_string()
    }
}

/// Conv, BatchNormalization, Relu, Conv with stride and groups, residual Add, pool, classifier.
fn small(batch: i64) -> Foreign {
    Foreign::new(&[batch, 3, 8, 8])
        .weight("w1", &[4, 3, 3, 3])
        .weight("gamma", &[4])
        .weight("beta", &[4])
        .weight("mean", &[4])
        .weight("variance", &[4])
        .weight("w2", &[4, 1, 3, 3])
        .weight("b2", &[4])
        .weight("w3", &[4, 10])
        .weight("b3", &[10])
        .node("Conv", &["x", "w1"], "c1", &[("pads", &[1, 1, 1, 1])])
        .node("BatchNormalization", &["c1", "gamma", "beta", "mean", "variance"], "n1", &[])
        .node("Relu", &["n1"], "r1", &[])
        .node("Conv", &["r1", "w2", "b2"], "c2", &[("pads", &[1, 1, 1, 1]), ("group", &[4])])
        .node("Add", &["c2", "r1"], "sum", &[])
        .node("MaxPool", &["sum"], "pooled", &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])])
        .node("GlobalAveragePool", &["pooled"], "mean_map", &[])
        .node("Flatten", &["mean_map"], "flat", &[])
        .node("Gemm", &["flat", "w3", "b3"], "logits", &[])
}

#[test]
fn a_small_network_is_read_whatever_its_batch_is() {
    let wanted = small(-1).layers();
    let rows: Vec<_> = wanted.iter().map(|layer| (layer.name.as_str(), layer.weights, layer.biases)).collect();
    let named = [("c1", 108, 0), ("n1", 4, 4), ("r1", 0, 0), ("c2", 36, 4), ("sum", 0, 0)];
    assert_eq!(rows, [named.as_slice(), &[("pooled", 0, 0), ("mean_map", 0, 0), ("logits", 40, 10)]].concat());
    assert_eq!(wanted[1].work, OnnxWork::BatchNorm { channels: 4, positions: 64 });
    assert_eq!(wanted[2].work, OnnxWork::Relu { values: 256 });
    assert!(matches!(wanted[3].work, OnnxWork::Window(window) if window.groups == 4 && window.in_channels == 4));
    assert_eq!(wanted[5].work, OnnxWork::Pool { kernel: 2, outputs: 64 });
    let head = OnnxWork::Matrix { arithmetic: Arithmetic::Multiply, rows: 1, inputs: 4, outputs: 10 };
    assert_eq!(wanted[7].work, head);
    for batch in [1, 5] {
        assert_eq!(small(batch).layers(), wanted);
    }
}

#[test]
fn a_matrix_on_tokens_takes_its_bias_from_the_sum_behind_it() {
    let model = Foreign::new(&[-1, 7, 16]).weight("w", &[16, 20]).weight("b", &[20]);
    let found = model.node("MatMul", &["x", "w"], "y", &[]).node("Add", &["y", "b"], "z", &[]).layers();
    let work = OnnxWork::Matrix { arithmetic: Arithmetic::Multiply, rows: 7, inputs: 16, outputs: 20 };
    let [OnnxLayer { name, work: found, weights: 320, biases: 20, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((name.as_str(), *found), ("y", work));
}

/// Self-attention as transformers of other tools have it: 7 tokens of 16 values, 2 heads.
#[test]
fn attention_on_tokens_is_two_matrices_and_two_products() {
    for batch in [-1, 1, 5] {
        let mut model = Foreign::new(&[batch, 7, 16]).weight("w", &[16, 48]).weight("b", &[48]).weight("o", &[16, 16]);
        model = model.weight("scale", &[1]).integers("heads", &[0, 7, 3, 2, 8]).integers("joined", &[0, 7, 16]);
        model = model
            .node("MatMul", &["x", "w"], "stacked", &[])
            .node("Add", &["b", "stacked"], "biased", &[])
            .node("Reshape", &["biased", "heads"], "split", &[])
            .node("Transpose", &["split"], "turned", &[("perm", &[2, 0, 3, 1, 4])]);
        for (place, part) in ["q", "k", "v"].into_iter().enumerate() {
            let at = format!("{part}.at");
            model = model.integers(&at, &[place as i64]).node("Gather", &["turned", &at], &format!("{part}.one"), &[]);
            let axis = format!("{part}.axis");
            model = model.integers(&axis, &[0]).node("Squeeze", &[&format!("{part}.one"), &axis], part, &[]);
        }
        let found = model
            .node("Transpose", &["k"], "kt", &[("perm", &[0, 1, 3, 2])])
            .node("MatMul", &["q", "kt"], "scores", &[])
            .node("Mul", &["scores", "scale"], "scaled", &[])
            .node("Softmax", &["scaled"], "map", &[("axis", &[3])])
            .node("MatMul", &["map", "v"], "mixed", &[])
            .node("Transpose", &["mixed"], "rows", &[("perm", &[0, 2, 1, 3])])
            .node("Reshape", &["rows", "joined"], "flat", &[])
            .node("MatMul", &["flat", "o"], "y", &[])
            .layers();
        let works: Vec<_> = found.iter().map(|layer| layer.work).filter(|work| *work != OnnxWork::Free).collect();
        let matrix = |outputs| OnnxWork::Matrix { arithmetic: Arithmetic::Multiply, rows: 7, inputs: 16, outputs };
        let scores = OnnxWork::Product { batch: 2, rows: 7, inner: 8, columns: 7 };
        let mixed = OnnxWork::Product { batch: 2, rows: 7, inner: 7, columns: 8 };
        assert_eq!(works, [matrix(48), scores, mixed, matrix(16)], "batch {batch}");
        assert_eq!(found.iter().map(|layer| layer.biases).sum::<u64>(), 48);
        assert_eq!(found.iter().map(|layer| layer.weights).sum::<u64>(), 16 * 48 + 16 * 16);
    }
}

#[test]
fn sizes_that_a_program_computes_are_followed() {
    let model = Foreign::new(&[-1, 4, 6, 6]).integers("zero", &[0]).integers("rest", &[-1]).weight("w", &[144, 3]);
    let found = model
        .node("Shape", &["x"], "sizes", &[])
        .node("Gather", &["sizes", "zero"], "batch", &[("axis", &[0])])
        .node("Concat", &["batch", "rest"], "target", &[("axis", &[0])])
        .node("Reshape", &["x", "target"], "flat", &[])
        .node("MatMul", &["flat", "w"], "y", &[])
        .layers();
    assert!(matches!(found[0].work, OnnxWork::Matrix { rows: 1, inputs: 144, outputs: 3, .. }), "{found:?}");
}

#[test]
fn weights_of_powers_of_two_shift_and_a_shared_tensor_counts_once() {
    let model = Foreign::new(&[1, 2, 3, 3]).floats("w", &[2, 2, 1, 1], vec![0.5, -2.0, 0.0, 1.0]);
    let found = model.node("Conv", &["x", "w"], "y", &[]).node("Conv", &["y", "w"], "z", &[]).layers();
    for layer in &found {
        assert!(matches!(layer.work, OnnxWork::Window(window) if window.arithmetic == Arithmetic::Shift));
    }
    assert_eq!((found[0].weights, found[1].weights), (4, 0));
}

#[test]
fn same_padding_and_dilation_give_their_sizes() {
    let mut model = Foreign::new(&[1, 2, 7, 7]).weight("w", &[4, 2, 3, 3]);
    model = model.node("Conv", &["x", "w"], "y", &[("dilations", &[2, 2])]);
    let same = AttributeProto {
        name: "auto_pad".into(),
        type_: AttributeType::STRING.into(),
        s: b"SAME_UPPER".to_vec(),
        ..AttributeProto::new()
    };
    let mut padded = Foreign::new(&[1, 2, 7, 7]).weight("w", &[4, 2, 3, 3]);
    padded = padded.node("Conv", &["x", "w"], "y", &[("strides", &[2, 2])]);
    padded.graph.node[0].attribute.push(same);
    let size = |model: Foreign| match model.layers()[0].work {
        OnnxWork::Window(window) => (window.out_height, window.padding),
        other => panic!("{other:?}"),
    };
    assert_eq!(size(model), (3, [0; 4]));
    assert_eq!(size(padded), (4, [1; 4]));
}

#[test]
fn an_unknown_operator_is_named_with_its_node() {
    let message = Foreign::new(&[1, 3]).node("Einsum", &["x"], "y", &[]).message();
    assert_eq!(message, "node `y` wants an operator of known cost, found `Einsum`");
    let mut model = Foreign::new(&[1, 3]).node("Relu", &["x"], "y", &[]);
    model.graph.node[0].domain = "com.microsoft".to_owned();
    assert_eq!(model.message(), "node `y` wants an operator of known cost, found `com.microsoft::Relu`");
}

#[test]
fn sums_that_are_written_apart_do_not_pass_for_free() {
    let summed = |first: &str, between: &[&str]| {
        let mut model = Foreign::new(&[1, 1, 8]).weight("w", &[5, 8]).integers("axes", &[2]);
        model = model.node(first, &["x", "w"], "first", &[]);
        let mut last = "first";
        for operator in between {
            model = model.node(operator, &[last], operator, &[]);
            last = operator;
        }
        model.node("ReduceSum", &[last, "axes"], "y", &[]).message()
    };
    for between in [["Abs"].as_slice(), &["Abs", "Neg"], &["Identity", "Abs", "Neg"]] {
        let message = summed("Sub", between);
        assert!(message.starts_with("node `y` (ReduceSum) wants distances in a Scan"), "{message}");
    }
    let message = summed("Mul", &[]);
    assert!(message.starts_with("node `y` (ReduceSum) wants a product of matrices"), "{message}");
}

/// A normalisation of single steps and a squeeze-and-excitation multiply and sum without being a layer.
#[test]
fn factors_that_make_no_pairs_are_free() {
    let model = Foreign::new(&[1, 4, 6, 6]).node("GlobalAveragePool", &["x"], "mean", &[]);
    let model = model.node("Sub", &["x", "mean"], "centred", &[]).node("Mul", &["centred", "centred"], "square", &[]);
    let found = model.node("ReduceMean", &["square"], "variance", &[("axes", &[2, 3])]).layers();
    assert!(found.iter().all(|layer| layer.work == OnnxWork::Free));
}

#[test]
fn sizes_that_are_missing_or_contradict_the_weight_are_named() {
    let free = Foreign::new(&[-1, 3, -1, 8]).node("Relu", &["x"], "y", &[]).message();
    assert_eq!(free, "input `x` wants sizes, all but the first fixed, found no size 2");
    let conv = |dims: &[i64]| Foreign::new(&[1, 3, 8, 8]).weight("w", dims).node("Conv", &["x", "w"], "y", &[]);
    let channels = conv(&[4, 2, 3, 3]).message();
    assert_eq!(channels, "node `y` (Conv) wants a weight for 3 channels in 1 groups, found [4, 2, 3, 3]");
    assert_eq!(conv(&[4, 3, 1, 3]).message(), "node `y` (Conv) wants a square window, found 1x3");
    assert!(conv(&[4, 3, 9, 9]).message().contains("a map that holds a window of [9, 9]"));
    let unread = Foreign::new(&[1, 3]).node("Relu", &["nowhere"], "y", &[]).message();
    assert_eq!(unread, "node `y` (Relu) wants inputs written before it, found `nowhere`");
}

#[test]
fn sizes_beyond_64_bits_are_refused() {
    let huge = Foreign::new(&[1, i64::MAX, i64::MAX]).node("Relu", &["x"], "y", &[]).message();
    assert_eq!(huge, "the sizes of node `y` (Relu) exceed 64 bits");
    let model = Foreign::new(&[1, 8]).floats("w", &[1 << 40, 1 << 30], vec![0.5]);
    let short = model.node("MatMul", &["x", "w"], "y", &[]).message();
    assert!(short.starts_with("tensor `w` wants"), "{short}");
}

#[test]
fn other_opsets_are_refused() {
    let mut model = Foreign::new(&[1, 3]).node("Relu", &["x"], "y", &[]);
    model.opset = 8;
    let error = layers(&model.bytes()).unwrap_err();
    assert!(matches!(&error, LayersError::Opset { .. }), "{error}");
    assert_eq!(error.to_string(), "the model wants operators of opset 9 to 18, found [8]");
}

/// Any change of any byte gives layers or an error.
#[test]
fn a_damaged_foreign_file_does_not_panic() {
    let bytes = small(-1).bytes();
    for at in 0..bytes.len() {
        for change in [0x01, 0x10, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= change;
            let _ = layers(&damaged);
        }
        let _ = layers(&bytes[..at]);
    }
}
