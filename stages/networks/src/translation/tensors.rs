use std::collections::BTreeMap;

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use spaces::{LinearForm, TransformerArchitecture, TranslationTask, Weights, WeightsError};

use super::piece::{Piece, PieceKind, pieces};
use crate::parameters::host_values;

/// The tensors that one network computes with, by the name of their piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct NetworkTensors {
    pieces: BTreeMap<String, PieceTensors>,
}

/// The tensors of one piece as its arithmetic sees them: sliced, transformed, rounded.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a network holds some hundred of them")]
pub(crate) enum PieceTensors {
    /// `[V, D]`.
    Embedding(Tensor<2>),
    /// A linear layer.
    Linear(LinearTensors),
    /// `[kernels, taps]`.
    Kernel(Tensor<2>),
    /// Scale and offset, `[C]` each.
    Norm([Tensor<1>; 2]),
}

/// A linear layer.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a network holds some hundred of them")]
pub(crate) enum LinearTensors {
    /// x Wᵀ + b, of dense and shift layers.
    Product { weight: Tensor<2>, bias: Tensor<1> },
    /// LN(−Σ |x − w|) with scale and offset.
    Distance { weight: Tensor<2>, norm: [Tensor<1>; 2] },
}

impl NetworkTensors {
    pub fn insert(&mut self, name: String, tensors: PieceTensors) {
        self.pieces.insert(name, tensors);
    }

    pub fn linear(&self, name: &str) -> &LinearTensors {
        match self.pieces.get(name) {
            Some(PieceTensors::Linear(linear)) => linear,
            other => unreachable!("`{name}` is a linear layer, not {other:?}"),
        }
    }

    pub fn kernel(&self, name: &str) -> Tensor<2> {
        match self.pieces.get(name) {
            Some(PieceTensors::Kernel(kernel)) => kernel.clone(),
            other => unreachable!("`{name}` is a kernel, not {other:?}"),
        }
    }

    pub fn norm(&self, name: &str) -> [Tensor<1>; 2] {
        match self.pieces.get(name) {
            Some(PieceTensors::Norm(norm)) => norm.clone(),
            other => unreachable!("`{name}` is a norm, not {other:?}"),
        }
    }

    /// Returns the first columns of the embedding.
    pub fn embedding(&self, columns: usize) -> Tensor<2> {
        match self.pieces.get("embedding") {
            Some(PieceTensors::Embedding(embedding)) if embedding.dims()[1] == columns => embedding.clone(),
            Some(PieceTensors::Embedding(embedding)) => embedding.clone().narrow(1, 0, columns),
            other => unreachable!("`embedding` is the embedding, not {other:?}"),
        }
    }

    /// Returns the same values outside the gradient tape.
    pub fn detached(self) -> Self {
        let plain = |[gamma, beta]: [Tensor<1>; 2]| [gamma.without_autodiff(), beta.without_autodiff()];
        let detach = |tensors| match tensors {
            PieceTensors::Embedding(tensor) => PieceTensors::Embedding(tensor.without_autodiff()),
            PieceTensors::Kernel(tensor) => PieceTensors::Kernel(tensor.without_autodiff()),
            PieceTensors::Norm(norm) => PieceTensors::Norm(plain(norm)),
            PieceTensors::Linear(linear) => PieceTensors::Linear(match linear {
                LinearTensors::Product { weight, bias } => {
                    LinearTensors::Product { weight: weight.without_autodiff(), bias: bias.without_autodiff() }
                }
                LinearTensors::Distance { weight, norm } => {
                    LinearTensors::Distance { weight: weight.without_autodiff(), norm: plain(norm) }
                }
            }),
        };
        Self { pieces: self.pieces.into_iter().map(|(name, tensors)| (name, detach(tensors))).collect() }
    }

    /// Returns the tensors by the names of [`TransformerArchitecture::parameters`].
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        for (name, tensors) in &self.pieces {
            match tensors {
                PieceTensors::Embedding(tensor) => insert(&mut weights, format!("{name}.weight"), tensor),
                PieceTensors::Kernel(tensor) => insert(&mut weights, name.clone(), tensor),
                PieceTensors::Norm(norm) => insert_norm(&mut weights, name, norm),
                PieceTensors::Linear(linear) => match linear {
                    LinearTensors::Product { weight, bias } => {
                        insert(&mut weights, format!("{name}.weight"), weight);
                        insert(&mut weights, format!("{name}.bias"), bias);
                    }
                    LinearTensors::Distance { weight, norm } => {
                        insert(&mut weights, format!("{name}.weight"), weight);
                        insert_norm(&mut weights, name, norm);
                    }
                },
            }
        }
        weights
    }

    /// Returns the tensors of an exported network.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn of_weights(
        architecture: &TransformerArchitecture,
        task: &TranslationTask,
        weights: &Weights,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let mut tensors = Self::default();
        for piece in pieces(architecture, task) {
            let read = read(&piece, weights, device)?;
            tensors.insert(piece.name, read);
        }
        Ok(tensors)
    }
}

fn insert<const D: usize>(weights: &mut Weights, name: String, tensor: &Tensor<D>) {
    weights.insert(name, tensor.dims().to_vec(), host_values(tensor.clone()));
}

fn insert_norm(weights: &mut Weights, name: &str, [gamma, beta]: &[Tensor<1>; 2]) {
    insert(weights, format!("{name}.gamma"), gamma);
    insert(weights, format!("{name}.beta"), beta);
}

fn read(piece: &Piece, weights: &Weights, device: &Device) -> Result<PieceTensors, WeightsError> {
    let name = &piece.name;
    let matrix = |name: &str, shape: [usize; 2]| {
        let values = weights.floats(name, &shape)?.to_vec();
        Ok(Tensor::<2>::from_data(TensorData::new(values, shape), device))
    };
    let vector = |part: &str, length| {
        Ok(Tensor::<1>::from_floats(weights.floats(&format!("{name}.{part}"), &[length])?, device))
    };
    let norm = |width| Ok([vector("gamma", width)?, vector("beta", width)?]);
    Ok(match piece.kind {
        PieceKind::Embedding { shape } => PieceTensors::Embedding(matrix(&format!("{name}.weight"), shape)?),
        PieceKind::Kernel { shape, .. } => PieceTensors::Kernel(matrix(name, shape)?),
        PieceKind::Norm { width } => PieceTensors::Norm(norm(width)?),
        PieceKind::Linear { form, shape, .. } => {
            let weight = matrix(&format!("{name}.weight"), shape)?;
            PieceTensors::Linear(match form {
                LinearForm::Dense | LinearForm::Shift => {
                    LinearTensors::Product { weight, bias: vector("bias", shape[0])? }
                }
                LinearForm::Add => LinearTensors::Distance { weight, norm: norm(shape[0])? },
            })
        }
    })
}
