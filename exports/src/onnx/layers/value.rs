use spaces::Arithmetic;

use super::layer::Owned;

/// What is known of a value without running the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Value {
    /// Its sizes; a free batch dimension is taken for 1.
    pub shape: Vec<u64>,
    /// Its values, for short lists of integers: shapes, axes, limits.
    pub integers: Option<Vec<i64>>,
    /// What a constant holds.
    pub constant: Option<Constant>,
    /// The layer that wrote it, if it was only negated or moved since.
    pub layer: Option<usize>,
    /// Which part of a sum that is written apart it is.
    pub terms: Terms,
}

/// A constant as far as costs ask.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constant {
    /// Which constant of the file.
    pub tensor: usize,
    /// Whether multiplying by it is shifting.
    pub powers: Powers,
}

/// Whether all values of a constant are signed powers of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Powers {
    /// All are 0, which tells nothing.
    Zero,
    /// All are 0 or ±2^p, and not all 0.
    OfTwo,
    /// There are others.
    Other,
}

/// Terms of a sum that would be a layer, if they are summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Terms {
    /// Of no such sum.
    #[default]
    None,
    /// x − w, of Σ |x − w|.
    Difference,
    /// |x − w|, of Σ |x − w|.
    Magnitude,
    /// x · y with each x repeated for several y, of Σ x · y.
    Products,
}

impl Value {
    /// Returns a value of which only the sizes are known.
    pub fn of_shape(shape: Vec<u64>) -> Self {
        Self { shape, ..Self::default() }
    }

    /// Returns a list of integers.
    pub fn of_integers(integers: Vec<i64>) -> Self {
        Self { shape: vec![integers.len() as u64], integers: Some(integers), ..Self::default() }
    }

    /// Returns the same numbers in other sizes; `integers` keep their order.
    pub fn reshaped(&self, shape: Vec<u64>) -> Self {
        Self { shape, ..self.clone() }
    }

    /// Returns the number of values, or `None` if it exceeds 64 bits.
    pub fn values(&self) -> Option<u64> {
        product(&self.shape)
    }

    /// Returns whether every run of the model has the same numbers here.
    pub const fn is_constant(&self) -> bool {
        self.constant.is_some() || self.integers.is_some()
    }

    /// Returns the constant as what a layer owns; `None` for what is computed, and for integers.
    pub fn owned(&self) -> Option<Owned> {
        let Constant { tensor, .. } = self.constant.filter(|_| self.integers.is_none())?;
        Some(Owned { tensor, values: self.values()? })
    }

    /// Returns how this constant weight meets inputs. Where all weights are 0, `told` decides.
    pub fn arithmetic(&self, told: Arithmetic) -> Arithmetic {
        match self.constant.map(|constant| constant.powers) {
            Some(Powers::Zero) => told,
            Some(Powers::OfTwo) => Arithmetic::Shift,
            Some(Powers::Other) | None => Arithmetic::Multiply,
        }
    }
}

/// Returns the product of sizes, or `None` if it exceeds 64 bits.
pub(super) fn product(sizes: &[u64]) -> Option<u64> {
    sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))
}
