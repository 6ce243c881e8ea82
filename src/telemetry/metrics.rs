//! Every metric, declared in one place.
//!
//! Handles are made once and kept: counting on the token path is an atomic addition.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The metrics of one server. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// Answers of the token endpoint, by outcome: `issued`, or the OAuth error code.
    pub tokens: Family<OutcomeLabel, Counter>,
    /// Those that were a token, out of [`tokens`](Self::tokens).
    pub tokens_issued: Counter,
    /// How long the token endpoint took.
    pub token_duration: Histogram,
    /// Connections open at this moment.
    pub connections: Gauge,
    /// What the rules directory did to the chain, by result.
    pub reloads: Family<ResultLabel, Counter>,
    /// The number of the live chain.
    pub generation: Gauge,
    /// Rules in the live chain.
    pub rules: Gauge,
    /// Files in the rules directory that are not live as they are.
    pub rule_problems: Gauge,
    /// When the live chain began, in Unix seconds.
    pub generation_since: Gauge,
    /// Tokens written to the ledger.
    pub ledger_written: Counter,
    /// Times that the ledger could not be written; what waits is tried again.
    pub ledger_failures: Counter,
    /// Tokens that were issued but could not be written to the ledger.
    pub ledger_lost: Counter,
    /// Tokens that wait to be written to the ledger.
    pub ledger_waiting: Gauge,
    /// Changes of the store that this server has taken in.
    pub changes_seen: Gauge<i64>,
    rule_evaluations: Family<RuleOutcomeLabels, Counter>,
    rule_duration: Family<RuleLabel, Histogram, Buckets>,
    rule_ticks: Family<RuleLabel, Counter>,
    rule_memory: Family<RuleLabel, Gauge>,
    rule_info: Family<RuleInfoLabels, Gauge>,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabel {
    /// `issued`, or an error code.
    pub outcome: &'static str,
}

/// How a reload ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabel {
    /// `swapped`, `kept` or `rolled_back`.
    pub result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleOutcomeLabels {
    rule: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleInfoLabels {
    rule: String,
    digest: String,
}

/// The metrics of one rule, ready to count.
pub struct RuleMetrics {
    /// By the index of the outcome.
    evaluations: Vec<Counter>,
    duration: Histogram,
    ticks: Counter,
    memory: Gauge,
}

impl RuleMetrics {
    /// Counts what a call used: ticks that found it running, and the most memory it had, in bytes.
    pub fn observe_usage(&self, ticks: u32, memory_bytes: u64) {
        if ticks > 0 {
            self.ticks.inc_by(ticks.into());
        }
        let bytes = memory_bytes.cast_signed();
        if self.memory.get() < bytes {
            self.memory.set(bytes);
        }
    }

    /// Counts one evaluation.
    pub fn observe(&self, outcome_index: usize, took: Duration) {
        if let Some(counter) = self.evaluations.get(outcome_index) {
            counter.inc();
        }
        self.duration.observe(took.as_secs_f64());
    }
}

impl Metrics {
    /// Fresh metrics, all zero.
    pub fn new() -> Self {
        let tokens = Family::<OutcomeLabel, Counter>::default();
        let mut metrics = Self {
            registry: Arc::new(Registry::default()),
            tokens_issued: tokens.get_or_create_owned(&OutcomeLabel { outcome: "issued" }),
            tokens,
            token_duration: Buckets.new_metric(),
            connections: Gauge::default(),
            reloads: Family::default(),
            generation: Gauge::default(),
            rules: Gauge::default(),
            rule_problems: Gauge::default(),
            generation_since: Gauge::default(),
            ledger_written: Counter::default(),
            ledger_failures: Counter::default(),
            ledger_lost: Counter::default(),
            ledger_waiting: Gauge::default(),
            changes_seen: Gauge::default(),
            rule_evaluations: Family::default(),
            rule_duration: Family::new_with_constructor(Buckets),
            rule_ticks: Family::default(),
            rule_memory: Family::default(),
            rule_info: Family::default(),
        };
        let mut registry = Registry::with_prefix("rulemint");
        metrics.register_tokens(&mut registry);
        metrics.register_rules(&mut registry);
        metrics.register_state(&mut registry);
        metrics.registry = Arc::new(registry);
        metrics
    }

    fn register_tokens(&self, to: &mut Registry) {
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        to.register("build", "This server", version);
        to.register(
            "tokens",
            "Answers of the token endpoint by outcome",
            self.tokens.clone(),
        );
        to.register_with_unit(
            "token_duration",
            "How long the token endpoint took",
            Unit::Seconds,
            self.token_duration.clone(),
        );
        to.register(
            "connections",
            "Connections open now",
            self.connections.clone(),
        );
    }

    fn register_rules(&self, to: &mut Registry) {
        to.register(
            "rule_evaluations",
            "Evaluations of a rule by outcome",
            self.rule_evaluations.clone(),
        );
        to.register_with_unit(
            "rule_duration",
            "How long an evaluation of a rule took",
            Unit::Seconds,
            self.rule_duration.clone(),
        );
        to.register(
            "rule_cpu_ticks",
            "Milliseconds of processor time that evaluations used beyond their first",
            self.rule_ticks.clone(),
        );
        to.register_with_unit(
            "rule_memory_peak",
            "The most memory that an evaluation had",
            Unit::Bytes,
            self.rule_memory.clone(),
        );
        to.register(
            "rule_info",
            "The live version of a rule, always 1",
            self.rule_info.clone(),
        );
        to.register(
            "rule_reloads",
            "Looks at the rules directory by result",
            self.reloads.clone(),
        );
        to.register(
            "rule_generation",
            "Number of the live rule chain",
            self.generation.clone(),
        );
        to.register("rules", "Rules in the live chain", self.rules.clone());
        to.register(
            "rule_problems",
            "Files in the rules directory that are not live as they are",
            self.rule_problems.clone(),
        );
        to.register(
            "rule_generation_since_timestamp",
            "When the live rule chain began, in Unix seconds",
            self.generation_since.clone(),
        );
    }

    fn register_state(&self, to: &mut Registry) {
        to.register(
            "ledger_written",
            "Tokens written to the ledger",
            self.ledger_written.clone(),
        );
        to.register(
            "ledger_failures",
            "Times that the ledger could not be written and what waits was kept for the next try",
            self.ledger_failures.clone(),
        );
        to.register(
            "ledger_lost",
            "Tokens issued that could not be written to the ledger",
            self.ledger_lost.clone(),
        );
        to.register(
            "ledger_waiting",
            "Tokens waiting to be written to the ledger",
            self.ledger_waiting.clone(),
        );
        to.register(
            "store_change",
            "Number of the newest store change taken in",
            self.changes_seen.clone(),
        );
    }

    /// The metrics of one rule.
    pub fn for_rule(&self, rule: &str, outcomes: &[&'static str]) -> RuleMetrics {
        let labels = |outcome: &&'static str| RuleOutcomeLabels {
            rule: rule.to_owned(),
            outcome,
        };
        let counter = |outcome| self.rule_evaluations.get_or_create_owned(&labels(outcome));
        let label = RuleLabel {
            rule: rule.to_owned(),
        };
        RuleMetrics {
            evaluations: outcomes.iter().map(counter).collect(),
            duration: self.rule_duration.get_or_create_owned(&label),
            ticks: self.rule_ticks.get_or_create_owned(&label),
            memory: self.rule_memory.get_or_create_owned(&label),
        }
    }

    /// Says which version of each rule is live, and no longer speaks of any other.
    pub fn set_live_rules<'r>(&self, rules: impl Iterator<Item = (&'r str, String)>) {
        self.rule_info.clear();
        for (rule, digest) in rules {
            let labels = RuleInfoLabels {
                rule: rule.to_owned(),
                digest,
            };
            self.rule_info.get_or_create(&labels).set(1);
        }
    }

    /// Everything, in the OpenMetrics text format.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(), // Writing to a string does not fail.
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// From 10 microseconds, doubling, to a third of a second.
#[derive(Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(exponential_buckets(10e-6, 2.0, 16))
    }
}
