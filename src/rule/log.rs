//! What a rule says while it runs: bounded, escaped, and out of the way of the token.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tracing::field::display;
use tracing::{debug, error, info, warn};

use super::bindings::v1::rulemint::rule::host::Level;
use super::limits::LOG_LINES_MAX;
use crate::clock::{Clock, Monotonic};
use crate::telemetry::trace::Trace;

/// The log of one call.
pub(super) struct CallLog {
    lines: Vec<(Level, Box<str>)>,
    bytes_left: usize,
    /// Lines and parts of lines that did not fit.
    cut: u32,
    /// The index of the line that was printed last, of those that may say why a call crashed.
    printed_last: Option<usize>,
    /// A printed line was the message of an exception: what follows is where it came from.
    has_named_an_error: bool,
}

impl CallLog {
    pub(super) fn new(bytes: u32) -> Self {
        Self {
            lines: Vec::new(),
            bytes_left: bytes as usize,
            cut: 0,
            printed_last: None,
            has_named_an_error: false,
        }
    }

    pub(super) fn push(&mut self, level: Level, message: &str) {
        if self.lines.len() >= LOG_LINES_MAX as usize || self.bytes_left == 0 {
            self.cut = self.cut.saturating_add(1);
            return;
        }
        let kept = floor_char_boundary(message, self.bytes_left);
        if kept < message.len() {
            self.cut = self.cut.saturating_add(1);
        }
        self.bytes_left -= kept;
        self.lines.push((level, escaped(&message[..kept]).into()));
    }

    /// A line on a standard stream. After a crash the last of them usually says why.
    pub(super) fn push_printed(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.push(Level::Info, line);
        let begins = |beginning: &&str| line.starts_with(*beginning);
        let names_an_error = ERRORS.iter().any(|words| line.contains(words));
        let is_epilogue = EPILOGUES.iter().any(begins) || line.starts_with(char::is_whitespace);
        if names_an_error || !(is_epilogue || self.has_named_an_error) {
            self.has_named_an_error |= names_an_error;
            self.printed_last = Some(self.lines.len().saturating_sub(1));
        }
    }

    /// What the guest said last before it crashed: as an error, or else on a standard stream.
    pub(super) fn last_words(&self) -> Option<&str> {
        let is_error = |(level, _): &&(Level, Box<str>)| *level == Level::Error;
        let error = self.lines.iter().rev().find(is_error);
        let printed = self.printed_last.and_then(|index| self.lines.get(index));
        error.or(printed).map(|(_, text)| &**text)
    }

    /// Every line with its level, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (Level, &str)> {
        self.lines.iter().map(|(level, text)| (*level, &**text))
    }

    /// Lines and parts of lines that did not fit.
    pub(super) fn cut(&self) -> u32 {
        self.cut
    }

    /// Passes everything on to the server's log.
    fn flush(&self, rule: &str, transaction: &str, trace: Option<&Trace>) {
        let trace_id = trace.and_then(Trace::id).map(display);
        for (level, text) in &self.lines {
            match level {
                Level::Debug => debug!(target: TARGET, rule, transaction, trace_id, "{text}"),
                Level::Info => info!(target: TARGET, rule, transaction, trace_id, "{text}"),
                Level::Warn => warn!(target: TARGET, rule, transaction, trace_id, "{text}"),
                Level::Error => error!(target: TARGET, rule, transaction, trace_id, "{text}"),
            }
        }
        if self.cut > 0 {
            let cut = self.cut;
            warn!(target: TARGET, rule, transaction, trace_id, cut, "the rule said more than its limits.log_bytes");
        }
    }
}

/// What a level is called, wherever a rule's lines are told.
pub(super) const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

/// Keeps a rule that says much at every token from filling the server's log: whole calls are left out, and counted.
pub(super) struct LogPace {
    limiter: RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Nanos>>,
    left_out: AtomicU32,
}

impl LogPace {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::per_second(LINES_PER_SECOND).allow_burst(LINES_AT_ONCE);
        Self {
            limiter: RateLimiter::direct_with_clock(quota, Monotonic(clock)),
            left_out: AtomicU32::new(0),
        }
    }

    /// Passes the log of a call on to the server's log, unless the rule has said too much lately. Says whether it did.
    pub(super) fn flush(
        &self,
        log: &CallLog,
        rule: &str,
        transaction: &str,
        trace: Option<&Trace>,
    ) -> bool {
        let lines = u32::try_from(log.lines.len()).unwrap_or(u32::MAX);
        let admitted = match NonZeroU32::new(lines) {
            Some(lines) => matches!(self.limiter.check_n(lines), Ok(Ok(()))),
            None => true,
        };
        if !admitted {
            self.left_out.fetch_add(lines, Ordering::Relaxed);
            return false;
        }
        if lines > 0 {
            let left_out = self.left_out.swap(0, Ordering::Relaxed);
            if left_out > 0 {
                warn!(target: TARGET, rule, left_out, "the rule says too much: lines were left out");
            }
        }
        log.flush(rule, transaction, trace);
        true
    }
}

/// Nothing a rule says may move a terminal's cursor or forge a line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            let _ = write!(safe, "{}", character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

fn floor_char_boundary(text: &str, at_most: usize) -> usize {
    let mut end = text.len().min(at_most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

const TARGET: &str = "rulemint::rule::log";
/// Lines of one rule that the server's log takes in a second, on average.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).expect("100 is not 0");
/// Lines of one rule that it takes at once.
const LINES_AT_ONCE: NonZeroU32 = NonZeroU32::new(500).expect("500 is not 0");
/// What stands in the message of an exception, in many languages.
const ERRORS: &[&str] = &["panic: ", "Error: ", "Exception: ", "error: "];
/// What the runtimes of languages print after the message that matters. The lines of a stack are indented.
const EPILOGUES: &[&str] = &[
    "note: ",
    "Stack:",
    "Redirecting call to abort",
    "stack backtrace:",
    "goroutine ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_line_breaks_lose_their_power() {
        assert_eq!(escaped("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
    }

    #[test]
    fn the_last_words_are_the_message_and_not_where_it_came_from() {
        let said: &[(&[&str], &str)] = &[
            (
                &["panic: no table", "goroutine 1 [running]:", "main.main()"],
                "panic: no table",
            ),
            (
                &[
                    "Traceback:",
                    "  File \"app.py\"",
                    "KeyError: 'tier'",
                    "it threw",
                ],
                "KeyError: 'tier'",
            ),
            (
                &["TypeError: x is null", "Stack:", "  enrich@rule.js:3", ")"],
                "TypeError: x is null",
            ),
            (
                &[
                    "thread 'main' panicked:",
                    "no tier",
                    "note: run with `RUST_BACKTRACE=1`",
                ],
                "no tier",
            ),
        ];
        for (lines, expected) in said {
            let mut log = CallLog::new(1000);
            lines.iter().for_each(|line| log.push_printed(line));
            assert_eq!(log.last_words(), Some(*expected));
        }
    }

    #[test]
    fn what_is_over_the_limit_is_cut_at_a_character_and_counted() {
        let mut log = CallLog::new(5);
        log.push(Level::Info, "ab\u{20ac}\u{20ac}");
        log.push(Level::Error, "more");
        assert_eq!(&*log.lines[0].1, "ab\u{20ac}");
        assert_eq!((log.lines.len(), log.cut), (1, 2));
        assert_eq!(log.last_words(), None);
    }
}
