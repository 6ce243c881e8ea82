//! What the server tells about itself: the log and the metrics.

pub mod log;
pub mod metrics;
