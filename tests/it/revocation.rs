//! What was taken away is no longer good, everything else is.

mod cutoffs;
mod limits;
mod story;
mod tokens;
