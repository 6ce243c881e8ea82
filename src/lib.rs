//! rulemint
pub mod claims;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod document;
pub mod keys;
pub mod master_key;
pub mod random;
pub mod store;
pub mod telemetry;
