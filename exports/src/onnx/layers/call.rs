use std::collections::BTreeMap;
use std::fmt::Debug;

use tract_onnx::pb::NodeProto;

use super::layer::{Draft, Owned};
use super::value::{Value, product};
use super::{LayersError, attribute};

/// Values that are written so far, by name.
pub(super) type Values<'a> = BTreeMap<&'a str, Value>;

/// A node with what it reads.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub node: &'a NodeProto,
    pub values: &'a Values<'a>,
    /// Nodes by what they write.
    pub writers: &'a BTreeMap<&'a str, &'a NodeProto>,
    /// Pictures or sentences per run.
    pub batch: u64,
    /// Index of the constant in the attributes of this node, if there is one.
    pub constant: usize,
}

/// What a node writes, and what it is.
#[derive(Debug)]
pub(super) struct Outcome {
    pub outputs: Vec<Value>,
    pub part: Part,
}

/// What a node is in its network.
#[derive(Debug)]
pub(super) enum Part {
    /// Nothing that computes: sizes, orders and codes of numbers.
    Movement,
    /// A layer.
    Layer(Draft),
    /// The bias of an earlier layer.
    Bias(usize, Owned),
}

impl Outcome {
    /// Returns that a node only moves one value.
    pub fn moved(value: Value) -> Self {
        Self { outputs: vec![value], part: Part::Movement }
    }

    /// Returns that a node is a layer with one output.
    pub fn layer(shape: Vec<u64>, draft: Draft) -> Self {
        Self { outputs: vec![Value::of_shape(shape)], part: Part::Layer(draft) }
    }
}

impl<'a> Call<'a> {
    /// Returns the value that is read as number `index`.
    pub fn input(&self, index: usize) -> Result<&'a Value, LayersError> {
        self.optional(index)?.ok_or_else(|| self.error("an input more", format!("{} inputs", self.node.input.len())))
    }

    /// Returns the value that is read as number `index`; `None` if the node reads none there.
    pub fn optional(&self, index: usize) -> Result<Option<&'a Value>, LayersError> {
        match self.node.input.get(index).map(String::as_str) {
            None | Some("") => Ok(None),
            Some(name) => match self.values.get(name) {
                Some(value) => Ok(Some(value)),
                None => Err(self.error("inputs written before it", format!("`{name}`"))),
            },
        }
    }

    /// Returns the values read.
    pub fn inputs(&self) -> Result<Vec<&'a Value>, LayersError> {
        (0..self.node.input.len()).map(|index| self.input(index)).collect()
    }

    /// Returns the sizes of an input that must have `rank` axes.
    pub fn sizes(&self, index: usize, rank: usize) -> Result<&'a [u64], LayersError> {
        let shape = &self.input(index)?.shape;
        if shape.len() == rank {
            return Ok(shape);
        }
        Err(self.error(&format!("{rank} axes of input {index}"), shape))
    }

    /// Returns the integers of an input, which must be known without running the model.
    pub fn known(&self, index: usize) -> Result<&'a [i64], LayersError> {
        let known = self.input(index)?.integers.as_deref();
        known.ok_or_else(|| self.error("sizes that are known before it runs", format!("a computed input {index}")))
    }

    /// Returns integers that later opsets have as an input and earlier ones as an attribute.
    pub fn list(&self, name: &str, index: usize) -> Result<Option<&'a [i64]>, LayersError> {
        match (attribute::integers(self.node, name), self.optional(index)?) {
            (Some(list), _) => Ok(Some(list)),
            (None, Some(_)) => self.known(index).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Returns an axis below `rank`; negative ones count from the end.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, LayersError> {
        let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
        let found = counted.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < rank);
        found.ok_or_else(|| self.error(&format!("an axis of {rank}"), axis))
    }

    /// Returns the axes that a node names, each once.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, LayersError> {
        let mut found = axes.iter().map(|&axis| self.axis(axis, rank)).collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable();
        found.dedup();
        if found.len() == axes.len() { Ok(found) } else { Err(self.error("each axis once", axes)) }
    }

    /// Returns the part of a count that one picture has.
    pub fn each(&self, count: u64) -> Result<u64, LayersError> {
        if count.is_multiple_of(self.batch) {
            return Ok(count / self.batch);
        }
        Err(self.error(&format!("a multiple of the batch of {}", self.batch), count))
    }

    /// Returns the product of sizes.
    pub fn product(&self, sizes: &[u64]) -> Result<u64, LayersError> {
        product(sizes).ok_or_else(|| self.overflow())
    }

    /// Returns that the node is not as it must be.
    pub fn error(&self, wanted: &str, found: impl Debug) -> LayersError {
        LayersError::Node {
            node: name(self.node).to_owned(),
            operator: self.node.op_type.clone(),
            wanted: wanted.to_owned(),
            found: format!("{found:?}").trim_matches('"').to_owned(),
        }
    }

    /// Returns that the node's sizes exceed 64 bits.
    pub fn overflow(&self) -> LayersError {
        LayersError::Overflow { node: name(self.node).to_owned(), operator: self.node.op_type.clone() }
    }
}

/// Returns the name of a node, or of what it writes.
pub(super) fn name(node: &NodeProto) -> &str {
    if node.name.is_empty() { node.output.first().map_or("", String::as_str) } else { &node.name }
}
