//! What the server tells about itself: the log, metrics and traces.

pub mod log;
pub mod metrics;
pub mod trace;
