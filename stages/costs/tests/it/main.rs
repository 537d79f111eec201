//! What this crate counts against the figures that stand beside the checkout, in folder `shared`.

mod released_shapes;
mod released_totals;
mod shared;
mod translation_calculator;
mod vision_totals;
