use std::fmt;

use serde::Deserialize;

use super::PaperItem;
use crate::{Agreement, Printed};

/// A printed figure beside ours.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// Where it is printed.
    pub item: PaperItem,
    /// Which row of the item, and under which convention ours is computed if it is not the paper's.
    pub row: String,
    /// What is measured.
    pub quantity: String,
    /// Its unit; empty for a mere number.
    pub unit: String,
    /// What is printed; `None` where a row is judged as a whole or the paper prints nothing.
    pub printed: Option<Quoted>,
    /// What we compute; `None` if it cannot be computed here.
    pub ours: Option<f64>,
    /// How they stand to each other.
    pub verdict: Verdict,
}

/// A printed figure and how it is meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quoted {
    /// Whether it is a value or a bound.
    pub relation: Relation,
    /// The figure.
    pub figure: Printed,
}

/// How a printed figure is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Relation {
    /// It is the value.
    #[default]
    #[serde(rename = "")]
    Equals,
    /// The value is said to be below it.
    #[serde(rename = "<")]
    Below,
    /// The value is said to be above it.
    #[serde(rename = ">")]
    Above,
}

/// How a printed figure stands to ours.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Ours gives the printed digits.
    Reproduced {
        /// In which way.
        how: How,
    },
    /// Ours is another number.
    Differs {
        /// Ours less the printed one, in the row's unit.
        by: f64,
        /// Why, as far as it is known.
        why: String,
    },
    /// It takes what is not here.
    NotRecomputable {
        /// What it takes.
        why: String,
    },
    /// The paper has no figure for it; ours is told because it explains others.
    NotPrinted {
        /// What it explains.
        why: String,
    },
}

/// In which way a computed number gives the printed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It rounds to it.
    Rounded,
    /// It is it with digits cut off.
    Truncated,
    /// It lies on the side of the bound that is claimed.
    WithinBound,
}

impl Verdict {
    /// Returns its name: `reproduced`, `differs`, `not-recomputable` or `not-printed`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reproduced { .. } => "reproduced",
            Self::Differs { .. } => "differs",
            Self::NotRecomputable { .. } => "not-recomputable",
            Self::NotPrinted { .. } => "not-printed",
        }
    }

    /// Returns ours less the printed figure where they differ.
    pub const fn by(&self) -> Option<f64> {
        match self {
            Self::Differs { by, .. } => Some(*by),
            Self::Reproduced { .. } | Self::NotRecomputable { .. } | Self::NotPrinted { .. } => None,
        }
    }

    /// Returns the reason; of a reproduced figure the way: `rounded`, `truncated` or `within the bound`.
    pub fn why(&self) -> &str {
        match self {
            Self::Reproduced { how: How::Rounded } => "rounded",
            Self::Reproduced { how: How::Truncated } => "truncated",
            Self::Reproduced { how: How::WithinBound } => "within the bound",
            Self::Differs { why, .. } | Self::NotRecomputable { why } | Self::NotPrinted { why } => why,
        }
    }

    /// Returns the verdict on a computed number; `why` is the reason if it is not the printed one.
    pub(super) fn on(printed: Option<Quoted>, ours: f64, why: &str) -> Self {
        let Some(Quoted { relation, figure }) = printed else { return Self::NotPrinted { why: why.to_owned() } };
        let differs = Self::Differs { by: ours - figure.value, why: why.to_owned() };
        let within = Self::Reproduced { how: How::WithinBound };
        match relation {
            Relation::Below if ours < figure.value => within,
            Relation::Above if ours > figure.value => within,
            Relation::Below | Relation::Above => differs,
            Relation::Equals => match figure.agreement(ours) {
                Agreement::Rounded => Self::Reproduced { how: How::Rounded },
                Agreement::Truncated => Self::Reproduced { how: How::Truncated },
                Agreement::Differs => differs,
            },
        }
    }
}

impl From<Printed> for Quoted {
    fn from(figure: Printed) -> Self {
        Self { relation: Relation::Equals, figure }
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.relation {
            Relation::Equals => "",
            Relation::Below => "<",
            Relation::Above => ">",
        };
        write!(formatter, "{sign}{}", self.figure)
    }
}
