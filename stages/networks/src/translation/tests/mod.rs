mod gradients;
mod learning;
mod reference;
mod resume;
pub(super) mod samples;
mod sentences;
mod sharing;
mod steps;
