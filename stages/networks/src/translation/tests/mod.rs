mod learning;
mod reference;
mod resume;
pub(super) mod samples;
mod steps;
