//! The log: for people on a terminal, JSON elsewhere, always on standard error.
//!
//! What never goes in: client secrets, tokens, private keys, the values of claims.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use crate::config::{Log, LogFormat};

/// Starts writing the log. Only the first call in a process has an effect.
pub fn start(config: &Log) {
    let terminal = io::stderr().is_terminal();
    let human = match config.format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let level: Targets = config.level.parse().unwrap_or_default();
    let lines = fmt::layer().with_writer(io::stderr);
    let registry = tracing_subscriber::registry().with(level);
    let started = if human {
        registry
            .with(lines.with_ansi(terminal).with_target(false))
            .try_init()
    } else {
        registry.with(lines.json().flatten_event(true)).try_init()
    };
    drop(started);
}
