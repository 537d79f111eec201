use burn::Tensor;
use burn::tensor::activation::softmax;
use spaces::{Arithmetic, LinearForm, LocalOperator, Operator, TransformerArchitecture};

use super::keys::WeightKey;
use super::network::TranslationNetwork;
use super::piece::{Piece, PieceKind, pieces};
use super::settings::KernelSoftmax;
use super::tensors::{LinearTensors, NetworkTensors, PieceTensors};
use crate::initialization::xavier_deviation;
use crate::operators::shift::{power_of_two, sign_and_power};
use crate::operators::transform::transform;
use crate::sharing::ShiftForm;

/// The tensors of one architecture on the gradient tape.
pub(crate) struct Resolved {
    /// The tensors as the arithmetic sees them.
    pub tensors: NetworkTensors,
    /// What the prior loss is taken of: shared weights that some add layer reads through T, as this architecture reads
    /// them, in units of their deviation at initialisation.
    pub shared: Vec<(Operator, Tensor<1>)>,
}

impl TranslationNetwork {
    /// Returns the tensors of an architecture; every trained tensor is sliced once.
    pub(crate) fn resolve(&self, architecture: &TransformerArchitecture) -> Resolved {
        let mut resolved = Resolved { tensors: NetworkTensors::default(), shared: Vec::new() };
        for piece in pieces(architecture, &self.task) {
            let tensors = match piece.kind {
                PieceKind::Embedding { shape } => {
                    PieceTensors::Embedding(self.sliced(&format!("{}.weight", piece.name), shape))
                }
                PieceKind::Norm { width } => PieceTensors::Norm(self.norm(&self.keys.private(&piece), width)),
                PieceKind::Kernel { operator, shape } => {
                    let raw = self.weight(&piece, shape, &mut resolved.shared);
                    PieceTensors::Kernel(self.normalized(raw, operator))
                }
                PieceKind::Linear { form, shape, .. } => {
                    let weight = self.weight(&piece, shape, &mut resolved.shared);
                    PieceTensors::Linear(self.linear(&piece, form, weight))
                }
            };
            resolved.tensors.insert(piece.name, tensors);
        }
        resolved
    }

    fn linear(&self, piece: &Piece, form: LinearForm, weight: Tensor<2>) -> LinearTensors {
        let (vectors, outputs) = (self.keys.vectors(piece), weight.dims()[0]);
        match form {
            LinearForm::Dense | LinearForm::Shift => {
                LinearTensors::Product { weight, bias: self.vector(&format!("{vectors}.bias"), outputs) }
            }
            LinearForm::Add => LinearTensors::Distance { weight, norm: self.norm(&vectors, outputs) },
        }
    }

    fn normalized(&self, kernel: Tensor<2>, operator: LocalOperator) -> Tensor<2> {
        match (self.settings.kernel_softmax, operator.kernel_arithmetic()) {
            (KernelSoftmax::ConvOnly, Arithmetic::Add) => kernel,
            (KernelSoftmax::ConvOnly | KernelSoftmax::Released, _) => softmax(kernel, 1),
        }
    }

    fn norm(&self, name: &str, width: usize) -> [Tensor<1>; 2] {
        ["gamma", "beta"].map(|part| self.vector(&format!("{name}.{part}"), width))
    }

    fn vector(&self, key: &str, length: usize) -> Tensor<1> {
        let leaf = self.parameters.leaf(key);
        if leaf.dims()[0] == length { leaf } else { leaf.narrow(0, 0, length) }
    }

    fn weight(&self, piece: &Piece, shape: [usize; 2], shared: &mut Vec<(Operator, Tensor<1>)>) -> Tensor<2> {
        let (pool, factors) = match self.keys.weight(piece) {
            WeightKey::Own(key) => return self.own(piece, &key, shape),
            WeightKey::Pooled { pool, factors } => (pool, factors),
        };
        let full = self.full_shape(&pool);
        let (operator, weight) = match factors {
            Some(factors) => {
                let transformed =
                    transform(self.parameters.leaf(&pool), self.parameters.leaf(&factors), self.segments_of(&pool));
                (Operator::Add, sliced(transformed.reshape(full), shape))
            }
            None if piece.shifts() => return rounded(self.sliced(&pool, shape)),
            None => (Operator::Conv, self.sliced(&pool, shape)),
        };
        if self.transformed.contains(&pool) {
            let deviation = xavier_deviation(full[1], piece.fan_out().max(full[0]));
            shared.push((operator, weight.clone().reshape([shape[0] * shape[1]]) / deviation));
        }
        weight
    }

    fn own(&self, piece: &Piece, key: &str, shape: [usize; 2]) -> Tensor<2> {
        match self.settings.shift {
            _ if !piece.shifts() => self.sliced(key, shape),
            ShiftForm::Q => rounded(self.sliced(key, shape)),
            ShiftForm::Ps => {
                let flat = |part: &str| self.sliced(&format!("{key}.{part}"), shape).reshape([shape[0] * shape[1]]);
                sign_and_power(flat("exponent"), flat("sign")).reshape(shape)
            }
        }
    }

    fn sliced(&self, key: &str, shape: [usize; 2]) -> Tensor<2> {
        sliced(self.parameters.leaf(key).reshape(self.full_shape(key)), shape)
    }

    fn full_shape(&self, key: &str) -> [usize; 2] {
        match self.parameters.find(key).map(|parameter| parameter.shape.as_slice()) {
            Some(&[rows, columns]) => [rows, columns],
            other => unreachable!("the network holds a matrix `{key}`, not {other:?}"),
        }
    }
}

fn sliced(full: Tensor<2>, shape: [usize; 2]) -> Tensor<2> {
    if full.dims() == shape { full } else { full.slice([0..shape[0], 0..shape[1]]) }
}

fn rounded(weight: Tensor<2>) -> Tensor<2> {
    let shape = weight.dims();
    power_of_two(weight.reshape([shape[0] * shape[1]])).reshape(shape)
}

impl Piece {
    fn fan_out(&self) -> usize {
        match self.kind {
            PieceKind::Linear { fan_out, .. } => fan_out,
            PieceKind::Embedding { .. } | PieceKind::Kernel { .. } | PieceKind::Norm { .. } => 0,
        }
    }
}
