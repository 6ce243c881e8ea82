//! What is counted for each rule.

mod host_calls;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub use host_calls::{HostCalls, HostFunction};

use super::Buckets;

/// The metrics of all rules.
#[derive(Clone)]
pub(super) struct RuleFamilies {
    evaluations: Family<OutcomeLabels, Counter>,
    duration: Family<RuleLabel, Histogram, Buckets>,
    ticks: Family<RuleLabel, Counter>,
    memory: Family<RuleLabel, Gauge>,
    host_calls: Family<FunctionLabels, Counter>,
    http_requests: Family<OutcomeLabels, Counter>,
    compile: Family<RuleLabel, Gauge<f64, std::sync::atomic::AtomicU64>>,
    info: Family<InfoLabels, Gauge>,
    /// What `info` speaks of: the versions that are live.
    live: Arc<Mutex<Vec<InfoLabels>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: String,
}

impl RuleLabel {
    fn of(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    rule: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FunctionLabels {
    rule: String,
    function: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InfoLabels {
    rule: String,
    digest: String,
    lane: &'static str,
    version: String,
}

impl RuleFamilies {
    pub(super) fn new() -> Self {
        Self {
            evaluations: Family::default(),
            duration: Family::new_with_constructor(Buckets),
            ticks: Family::default(),
            memory: Family::default(),
            host_calls: Family::default(),
            http_requests: Family::default(),
            compile: Family::default(),
            info: Family::default(),
            live: Arc::default(),
        }
    }

    pub(super) fn register(&self, to: &mut Registry) {
        to.register(
            "rule_evaluations",
            "Evaluations of a rule by outcome",
            self.evaluations.clone(),
        );
        to.register_with_unit(
            "rule_duration",
            "How long an evaluation of a rule took, waiting included",
            Unit::Seconds,
            self.duration.clone(),
        );
        to.register(
            "rule_cpu_ticks",
            "Ticks that found an evaluation running: none within its first milliseconds, then one a millisecond",
            self.ticks.clone(),
        );
        to.register_with_unit(
            "rule_memory_peak",
            "The most memory that an evaluation has had since the server started",
            Unit::Bytes,
            self.memory.clone(),
        );
        to.register(
            "rule_host_calls",
            "Calls of a rule to the host by function; request is all it reads of the request",
            self.host_calls.clone(),
        );
        to.register(
            "rule_http_requests",
            "HTTP requests of a rule by outcome",
            self.http_requests.clone(),
        );
        to.register_with_unit(
            "rule_compile",
            "How long the last compilation of a rule took",
            Unit::Seconds,
            self.compile.clone(),
        );
        to.register(
            "rule_info",
            "The live version of a rule, always 1",
            self.info.clone(),
        );
    }

    pub(super) fn of(&self, rule: &str, outcomes: &[&'static str]) -> RuleMetrics {
        let evaluations = |outcome: &&'static str| {
            self.evaluations.get_or_create_owned(&OutcomeLabels {
                rule: rule.to_owned(),
                outcome,
            })
        };
        let host_calls = |function: HostFunction| {
            self.host_calls.get_or_create_owned(&FunctionLabels {
                rule: rule.to_owned(),
                function: function.as_str(),
            })
        };
        let label = RuleLabel::of(rule);
        RuleMetrics {
            evaluations: outcomes.iter().map(evaluations).collect(),
            duration: self.duration.get_or_create_owned(&label),
            ticks: self.ticks.get_or_create_owned(&label),
            memory: self.memory.get_or_create_owned(&label),
            host_calls: HostFunction::ALL.map(host_calls),
        }
    }

    pub(super) fn http_of(&self, rule: &str, outcomes: &[&'static str]) -> HttpMetrics {
        let counter = |outcome: &&'static str| {
            self.http_requests.get_or_create_owned(&OutcomeLabels {
                rule: rule.to_owned(),
                outcome,
            })
        };
        HttpMetrics(outcomes.iter().map(counter).collect())
    }

    pub(super) fn observe_compile(&self, rule: &str, took: Duration) {
        let label = RuleLabel::of(rule);
        self.compile.get_or_create(&label).set(took.as_secs_f64());
    }

    /// New versions come before old ones go: whoever reads in between finds each rule.
    pub(super) fn set_live<'r>(&self, rules: impl Iterator<Item = LiveRule<'r>>) {
        let now: Vec<InfoLabels> = rules.map(InfoLabels::from).collect();
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        for labels in &now {
            self.info.get_or_create(labels).set(1);
        }
        for gone in live.iter().filter(|old| !now.contains(old)) {
            self.info.remove(gone);
        }
        *live = now;
    }
}

/// A rule that is live, and which version of it.
pub struct LiveRule<'r> {
    /// Its name.
    pub name: &'r str,
    /// The SHA-256 of its file.
    pub digest: String,
    /// Which way it is written.
    pub lane: &'static str,
    /// The version that it says it is; empty where it says none.
    pub version: &'r str,
}

impl From<LiveRule<'_>> for InfoLabels {
    fn from(rule: LiveRule<'_>) -> Self {
        Self {
            rule: rule.name.to_owned(),
            digest: rule.digest,
            lane: rule.lane,
            version: rule.version.chars().take(VERSION_CHARS_MAX).collect(),
        }
    }
}

/// The metrics of one rule's HTTP requests, by the index of the outcome.
pub struct HttpMetrics(Vec<Counter>);

impl HttpMetrics {
    /// Counts one request.
    pub fn count(&self, outcome_index: usize) {
        if let Some(counter) = self.0.get(outcome_index) {
            counter.inc();
        }
    }
}

/// The metrics of one rule, ready to count.
pub struct RuleMetrics {
    /// By the index of the outcome.
    evaluations: Vec<Counter>,
    duration: Histogram,
    ticks: Counter,
    memory: Gauge,
    /// By the index of the function.
    host_calls: [Counter; HostFunction::ALL.len()],
}

impl RuleMetrics {
    /// Counts one evaluation.
    pub fn observe(&self, outcome_index: usize, took: Duration) {
        if let Some(counter) = self.evaluations.get(outcome_index) {
            counter.inc();
        }
        self.duration.observe(took.as_secs_f64());
    }

    /// Counts what a call used: ticks that found it running, and the most memory it had, in bytes.
    pub fn observe_usage(&self, ticks: u32, memory_bytes: u64) {
        if ticks > 0 {
            self.ticks.inc_by(ticks.into());
        }
        let bytes = memory_bytes.cast_signed();
        if self.memory.get() < bytes {
            self.memory.inner().fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// Counts the calls to the host that a call made.
    pub fn observe_host_calls(&self, calls: &HostCalls) {
        for (counter, times) in self.host_calls.iter().zip(calls.0) {
            if times > 0 {
                counter.inc_by(times.into());
            }
        }
    }
}

/// As much as is kept of what a rule says its version is.
const VERSION_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;

    use super::*;

    fn text(families: &RuleFamilies) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        families.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn a_function_is_counted_where_its_name_says() {
        let families = RuleFamilies::new();
        let metrics = families.of("r", &[]);
        for (index, function) in HostFunction::ALL.into_iter().enumerate() {
            assert_eq!(function as usize, index);
            let mut calls = HostCalls::default();
            calls.count(function);
            metrics.observe_host_calls(&calls);
            let line = format!(
                "rule_host_calls_total{{rule=\"r\",function=\"{}\"}} 1",
                function.as_str()
            );
            assert!(text(&families).contains(&line), "{line}");
        }
    }

    #[test]
    fn the_peak_of_memory_is_never_lowered() {
        let metrics = RuleFamilies::new().of("r", &[]);
        for bytes in [5, 9, 3] {
            metrics.observe_usage(0, bytes);
        }
        assert_eq!(metrics.memory.get(), 9);
    }

    #[test]
    fn only_live_versions_are_spoken_of() {
        let families = RuleFamilies::new();
        let live = |name, digest: &str| LiveRule {
            name,
            digest: digest.to_owned(),
            lane: "a component",
            version: "",
        };
        families.set_live([live("a", "1"), live("b", "1")].into_iter());
        families.set_live([live("a", "2")].into_iter());
        let text = text(&families);
        let infos: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("rule_info{"))
            .collect();
        assert_eq!(
            infos,
            ["rule_info{rule=\"a\",digest=\"2\",lane=\"a component\",version=\"\"} 1"]
        );
    }
}
