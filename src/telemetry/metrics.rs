//! Every metric, declared in one place: [`Metrics`] those of the server, `rule` those of each rule, `pool` those of
//! the pool that rules run in.
//!
//! Handles are made once and kept: counting on the token path is an atomic addition.

mod kept;
mod pool;
mod rule;

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

use kept::KeptFamily;
pub use kept::KeptMetrics;
pub use pool::PoolMetrics;
use rule::RuleFamilies;
pub use rule::{HostCalls, HostFunction, HttpMetrics, LiveRule, RuleMetrics};

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
    /// What `/verify` answered, by outcome: `passed`, or why not.
    pub verifications: Family<OutcomeLabel, Counter>,
    /// Revocations in force.
    pub revocations: Gauge,
    /// Readers of the list of revocations that wait for news.
    pub revocation_readers: Gauge,
    /// Changes of the store that this server has taken in.
    pub changes_seen: Gauge<i64>,
    /// 1 while the store takes writes.
    pub store_writable: Gauge,
    /// Spans that a collector took.
    pub spans_exported: Counter,
    /// Spans that no collector took, or that came while too many waited for one.
    pub spans_lost: Counter,
    /// Times that the collector did not take what it was sent.
    pub span_export_failures: Counter,
    /// How full the pool is that rules run in.
    pub pool: PoolMetrics,
    rule: RuleFamilies,
    kept: KeptFamily,
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

impl Metrics {
    /// Fresh metrics, all zero.
    pub fn new() -> Self {
        let tokens = Family::<OutcomeLabel, Counter>::default();
        let verifications = Family::<OutcomeLabel, Counter>::default();
        // It is there from the start, at 0.
        drop(verifications.get_or_create(&OutcomeLabel { outcome: "passed" }));
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
            verifications,
            revocations: Gauge::default(),
            revocation_readers: Gauge::default(),
            changes_seen: Gauge::default(),
            store_writable: Gauge::default(),
            spans_exported: Counter::default(),
            spans_lost: Counter::default(),
            span_export_failures: Counter::default(),
            pool: PoolMetrics::default(),
            rule: RuleFamilies::new(),
            kept: KeptFamily::default(),
        };
        let mut registry = Registry::with_prefix("rulemint");
        metrics.register_tokens(&mut registry);
        metrics.register_rules(&mut registry);
        metrics.register_state(&mut registry);
        metrics.register_spans(&mut registry);
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
        self.rule.register(to);
        self.kept.register(to);
        self.pool.register(to);
        to.register(
            "rule_reloads",
            "Changes of the live chain (swapped, rolled_back), and files that could not go live (kept)",
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
        to.register_with_unit(
            "rule_generation_since_timestamp",
            "When the live rule chain began, in Unix time",
            Unit::Seconds,
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
            "verifications",
            "Answers to proxies that ask whether a token is good, by outcome",
            self.verifications.clone(),
        );
        to.register(
            "revocations",
            "Revocations in force, token by token and cut-offs",
            self.revocations.clone(),
        );
        to.register(
            "revocation_readers",
            "Readers of the list of revocations that wait for news",
            self.revocation_readers.clone(),
        );
        to.register(
            "store_change",
            "Number of the newest store change taken in",
            self.changes_seen.clone(),
        );
        to.register(
            "store_writable",
            "1 while the store takes writes, 0 while the disk is full or has failed",
            self.store_writable.clone(),
        );
    }

    fn register_spans(&self, to: &mut Registry) {
        to.register(
            "spans_exported",
            "Spans that the collector took",
            self.spans_exported.clone(),
        );
        to.register(
            "spans_lost",
            "Spans that the collector did not take, or that came while too many waited for it",
            self.spans_lost.clone(),
        );
        to.register(
            "span_export_failures",
            "Times that the collector did not take what it was sent",
            self.span_export_failures.clone(),
        );
    }

    /// The metrics of one rule.
    pub fn for_rule(&self, rule: &str, outcomes: &[&'static str]) -> RuleMetrics {
        self.rule.of(rule, outcomes)
    }

    /// Says how long it took to compile a rule, or to find out that it does not compile.
    pub fn observe_compile(&self, rule: &str, took: Duration) {
        self.rule.observe_compile(rule, took);
    }

    /// The metrics of one rule's HTTP requests.
    pub fn for_http(&self, rule: &str, outcomes: &[&'static str]) -> HttpMetrics {
        self.rule.http_of(rule, outcomes)
    }

    /// The metrics of one rule's kept instances.
    pub fn for_kept(&self, rule: &str) -> KeptMetrics {
        self.kept.of(rule)
    }

    /// Says which version of each rule is live, and no longer speaks of any other.
    pub fn set_live_rules<'r>(&self, rules: impl Iterator<Item = LiveRule<'r>>) {
        self.rule.set_live(rules);
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
