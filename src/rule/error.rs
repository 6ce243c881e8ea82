//! Why a rule did not do its work, told apart so that each kind can be acted on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::limits::RANDOM_BYTES_MAX;
use wasmtime::{Trap, WasmBacktrace};

/// A limit that a rule ran into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitHit {
    /// `limits.cpu_ms`
    #[error(
        "it used its {0} ms of processor time, most likely in a loop that does not end (limits.cpu_ms)"
    )]
    Cpu(u32),
    /// `limits.wall_ms`
    #[error("it took longer than {0} ms (limits.wall_ms)")]
    Wall(u32),
    /// `limits.memory_bytes`
    #[error("it wanted {wanted} bytes of memory and may have {limit} (limits.memory_bytes)")]
    Memory {
        /// What it asked for.
        wanted: u64,
        /// What it may have.
        limit: u64,
    },
    /// The number of table elements.
    #[error("it wanted a table of {wanted} elements and may have {limit}")]
    Table {
        /// What it asked for.
        wanted: u64,
        /// What it may have.
        limit: u64,
    },
    /// The depth of its calls.
    #[error("its calls went too deep: the stack is used up")]
    Stack,
    /// `limits.output_bytes`
    #[error("its answer has {bytes} bytes and may have {limit} (limits.output_bytes)")]
    Output {
        /// What it gave.
        bytes: usize,
        /// What it may give.
        limit: u32,
    },
    /// `limits.host_call_bytes`
    #[error("it handed the host more than {0} bytes (limits.host_call_bytes)")]
    HostCalls(u32),
    /// The number of live handles.
    #[error("it held more than {0} handles")]
    Handles(usize),
    /// The time for reading or evaluating a script.
    #[error("evaluating it took more than {0} s: what loops outside of its function never ends")]
    Evaluation(u64),
    /// The length of `random-bytes`.
    #[error("it asked for {0} random bytes at once; 1 to {RANDOM_BYTES_MAX} can be had")]
    RandomBytes(u32),
}

/// What went wrong inside a rule. None of these is shown to the caller of the token endpoint.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// It ran into a limit.
    #[error(transparent)]
    Limit(#[from] LimitHit),
    /// It crashed.
    #[error("it crashed: {0}")]
    Crash(String),
    /// It said so itself.
    #[error("it failed: {0}")]
    Internal(String),
    /// It is a program, and ended with another exit code than 0.
    #[error("it ended with exit code {code}{}", after_colon(.said))]
    Exit {
        /// The exit code.
        code: i32,
        /// What it printed last, if anything.
        said: String,
    },
    /// It is a program, and what it wrote to standard output is no answer.
    #[error(
        "what it wrote to standard output is no answer, which is an object with exactly one of changes, denied, \
         invalid and internal: {problem}{}", noise(.beginning)
    )]
    NoAnswer {
        /// What is wrong with it.
        problem: String,
        /// Enough of it to recognise it.
        beginning: String,
    },
    /// It says that it checks its settings, and did not come to a verdict.
    #[error(
        "it lists validate-settings among its calls, and did not answer it with {{\"problems\": [...]}}"
    )]
    NoVerdict,
    /// It denied with a code that is none.
    #[error(
        "it denied with the code {0:?}; use access_denied, invalid_request, invalid_scope, \
         invalid_target, unauthorized_client or temporarily_unavailable"
    )]
    UnknownDenial(String),
    /// It asked for a change it may not make.
    #[error("change {number} is refused: {reason}")]
    Change {
        /// Which of its changes, counted from 1.
        number: usize,
        /// Which claim, and why.
        reason: String,
    },
    /// It set a `jti` that a token had before.
    #[error("it set a jti that an earlier token has; a jti is used once")]
    RepeatedJti,
    /// It failed too often and is left alone for a while.
    #[error("it failed {failures} times in a row and rests for {for_another:?}")]
    Quarantined {
        /// How often.
        failures: u32,
        /// For how long still.
        for_another: Duration,
    },
    /// More rules are running than there is room for.
    #[error("too many rules are running at this moment")]
    Saturated,
}

impl Fault {
    /// A short name for metrics and the ledger.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Limit(_) => Outcome::Limit,
            Self::Crash(_) => Outcome::Crash,
            Self::Internal(_)
            | Self::Exit { .. }
            | Self::NoAnswer { .. }
            | Self::NoVerdict
            | Self::UnknownDenial(_) => Outcome::Failed,
            Self::Change { .. } | Self::RepeatedJti => Outcome::Refused,
            Self::Quarantined { .. } => Outcome::Quarantined,
            Self::Saturated => Outcome::Saturated,
        }
    }

    /// Whether it counts towards the rule's quarantine: what is not the rule's doing does not.
    pub(super) const fn is_the_rules_doing(&self) -> bool {
        !matches!(self, Self::Quarantined { .. } | Self::Saturated)
    }

    /// What an error of the engine means, given what the guest said last (a panic message, usually).
    pub(super) fn of_engine(
        error: &wasmtime::Error,
        last_words: Option<&str>,
        host_call_bytes: u32,
    ) -> Self {
        if let Some(limit) = error.downcast_ref::<LimitHit>() {
            return limit.clone().into();
        }
        if let Some(fault) = error.downcast_ref::<Self>() {
            let mut fault = fault.clone();
            if let (Self::Exit { said, .. }, Some(words)) = (&mut fault, last_words) {
                words.clone_into(said);
            }
            return fault;
        }
        if error.is::<wasmtime::PoolConcurrencyLimitError>() {
            return Self::Saturated;
        }
        if error.downcast_ref::<Trap>() == Some(&Trap::StackOverflow) {
            return LimitHit::Stack.into();
        }
        // These two have no type of their own in wasmtime 48; a test holds each to its text.
        let text = format!("{:#}", error.root_cause());
        if text.contains("fuel allocated for hostcalls") {
            return LimitHit::HostCalls(host_call_bytes).into();
        }
        if text.contains("handle") && text.contains("limit") {
            return LimitHit::Handles(super::limits::HANDLES_MAX).into();
        }
        Self::Crash(describe_crash(error, &text, last_words))
    }
}

fn noise(beginning: &str) -> String {
    match beginning {
        "" => String::new(),
        text => format!("; it begins with \"{text}\""),
    }
}

fn after_colon(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!(": {text}"),
    }
}

fn describe_crash(error: &wasmtime::Error, cause: &str, last_words: Option<&str>) -> String {
    let mut text = match last_words {
        Some(words) => words.to_owned(),
        None => cause.to_owned(),
    };
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        let named = |frame: &wasmtime::FrameInfo| frame.func_name().map(str::to_owned);
        let frames: Vec<String> = backtrace
            .frames()
            .iter()
            .filter_map(named)
            .take(3)
            .collect();
        if !frames.is_empty() {
            text.push_str(" (in ");
            text.push_str(&frames.join(", called by "));
            text.push(')');
        }
    }
    text
}

/// How a rule's part in a token ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It answered.
    Ok,
    /// It denied the token on purpose, or found the request wanting.
    Denied,
    /// It said that it failed.
    Failed,
    /// It ran into a limit.
    Limit,
    /// It crashed.
    Crash,
    /// It asked for a change it may not make.
    Refused,
    /// It was resting.
    Quarantined,
    /// There was no room for it.
    Saturated,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Denied,
        Self::Failed,
        Self::Limit,
        Self::Crash,
        Self::Refused,
        Self::Quarantined,
        Self::Saturated,
    ];

    /// Its name in metrics and the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Limit => "limit",
            Self::Crash => "crash",
            Self::Refused => "refused_change",
            Self::Quarantined => "quarantined",
            Self::Saturated => "saturated",
        }
    }
}

/// An OAuth error code that a rule may deny with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenialCode {
    /// `access_denied`
    AccessDenied,
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_scope`
    InvalidScope,
    /// `invalid_target` (RFC 8707)
    InvalidTarget,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `temporarily_unavailable`
    TemporarilyUnavailable,
}

impl DenialCode {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::AccessDenied,
        Self::InvalidRequest,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::UnauthorizedClient,
        Self::TemporarilyUnavailable,
    ];

    /// As in an OAuth error answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

/// A token was not made because of a rule.
#[derive(Debug)]
pub enum RuleError {
    /// The rule refused it on purpose; the caller is told.
    Denied {
        /// Which rule.
        rule: Arc<str>,
        /// As what.
        code: DenialCode,
        /// Why, in the rule's words.
        description: String,
    },
    /// The rule failed, and its `on_error` is `deny`; the caller is told nothing but a transaction id.
    Failed {
        /// Which rule.
        rule: Arc<str>,
        /// What happened.
        fault: Fault,
    },
}

impl fmt::Display for RuleError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied {
                rule,
                code,
                description,
            } => write!(out, "rule {rule} denied ({}): {description}", code.as_str()),
            Self::Failed { rule, fault } => write!(out, "rule {rule}: {fault}"),
        }
    }
}

impl std::error::Error for RuleError {}
