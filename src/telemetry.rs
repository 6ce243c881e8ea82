//! telemetry
pub mod log;
