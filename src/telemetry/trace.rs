//! Traces: a span for each token request under its caller's `traceparent`, and one below it for each rule.
//!
//! Where traces are off there is no [`Tracer`], and a request costs the question whether there is one. What never goes
//! into a span: client secrets, tokens, private keys, the values of claims.

mod batch;
mod otlp;
mod parent;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    Event, Span, SpanBuilder, SpanKind, Status, TraceContextExt, TraceId, Tracer as _,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue, SpanId};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    IdGenerator, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan, SpanLimits,
};

pub use parent::Parent;

use super::metrics::Metrics;
use crate::clock::Clock;
use crate::config::Traces;
use crate::random::Random;
use crate::trust::{self, TrustError, Trusted};

/// Makes spans and sends them to a collector.
pub struct Tracer {
    spans: SdkTracer,
    provider: SdkTracerProvider,
    clock: Arc<dyn Clock>,
}

/// What a tracer needs of the server.
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub random: Arc<dyn Random>,
    /// Counts spans.
    pub metrics: Metrics,
}

impl Tracer {
    /// A tracer for a collector, if one is configured.
    ///
    /// # Errors
    /// When it is to be spoken to over TLS, and there are no certificates to trust.
    pub fn start(config: &Traces, parts: Parts) -> Result<Option<Self>, TrustError> {
        let Some(address) = config.address() else {
            return Ok(None);
        };
        let tls = config.is_https().then(|| trusted(config)).transpose()?;
        let tls = tls.as_deref().map(trust::tls);
        let collector = otlp::Collector::new(address, config.header_pairs(), tls, &parts);
        let resource = Resource::builder_empty()
            .with_service_name(config.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        // Everything is said here, so that the library's own look at the environment decides nothing.
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
                config.sample_ratio,
            ))))
            .with_span_limits(LIMITS)
            .with_id_generator(Ids(parts.random))
            .with_resource(resource)
            .with_span_processor(batch::Batches::new(collector, parts.metrics))
            .build();
        Ok(Some(Self {
            spans: provider.tracer("rulemint"),
            provider,
            clock: parts.clock,
        }))
    }

    /// Begins the span of a token request.
    pub fn request(&self, parent: Option<Parent>) -> RequestSpan {
        let (started, began) = (self.clock.monotonic(), wall(self.clock.since_epoch()));
        let is_followed = parent.is_some();
        let above = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent.0),
            None => Context::new(),
        };
        let builder = SpanBuilder::from_name("POST /oauth/token")
            .with_kind(SpanKind::Server)
            .with_start_time(began)
            .with_attributes([
                KeyValue::new("http.request.method", "POST"),
                KeyValue::new("http.route", "/oauth/token"),
            ]);
        let span = self.spans.build_with_context(builder, &above);
        let own = span.span_context();
        let trace = Trace {
            id: own.trace_id(),
            is_logged: is_followed || own.is_sampled(),
            is_sampled: own.is_sampled(),
            below: Context::new().with_remote_span_context(own.clone()),
            spans: self.spans.clone(),
            clock: Arc::clone(&self.clock),
            started,
            began,
        };
        RequestSpan {
            span,
            trace: Arc::new(trace),
        }
    }

    /// Sends what waits, and then nothing more. It blocks until that is done, or the time is over.
    pub fn stop(&self, within: Duration) {
        // What did not get out was counted and logged by whoever tried.
        let _ = self.provider.shutdown_with_timeout(within);
    }
}

/// What this machine trusts, and what the configuration names beside that.
fn trusted(config: &Traces) -> Result<Vec<Trusted>, TrustError> {
    let mut trusted = trust::of_machine();
    if let Some(ca) = &config.ca {
        trusted.extend(trust::of_file(ca)?);
    }
    match trusted.is_empty() {
        true => Err(TrustError::Nobody),
        false => Ok(trusted),
    }
}

/// The span of a token request.
pub struct RequestSpan {
    span: SdkSpan,
    trace: Arc<Trace>,
}

impl RequestSpan {
    /// What the spans below it need.
    pub fn trace(&self) -> Arc<Trace> {
        Arc::clone(&self.trace)
    }

    /// Ends it: with `issued` or the OAuth error, and the status of the answer.
    pub fn end(mut self, outcome: &'static str, status: u16, transaction: &Arc<str>) {
        if !self.trace.is_sampled {
            return;
        }
        let transaction = KeyValue::new("rulemint.transaction", Arc::clone(transaction));
        self.span.set_attribute(transaction);
        self.span
            .set_attribute(KeyValue::new("rulemint.outcome", outcome));
        self.span.set_attribute(KeyValue::new(
            "http.response.status_code",
            i64::from(status),
        ));
        if status >= SERVER_ERROR {
            self.span
                .set_attribute(KeyValue::new("error.type", outcome));
            self.span.set_status(Status::error(""));
        }
        let now = self.trace.clock.monotonic();
        self.span.end_with_timestamp(self.trace.at(now));
    }
}

/// The trace that a token request belongs to.
pub struct Trace {
    id: TraceId,
    /// Whether anybody who looks for its id would find something: its caller's spans, or its own.
    is_logged: bool,
    is_sampled: bool,
    below: Context,
    spans: SdkTracer,
    clock: Arc<dyn Clock>,
    /// When the request came, on the monotonic clock.
    started: Duration,
    /// The same on the wall clock.
    began: SystemTime,
}

impl Trace {
    /// The trace's id, for log lines.
    pub fn id(&self) -> Option<impl Display + use<>> {
        self.is_logged.then_some(self.id)
    }

    /// Tells what a rule did, after the fact: where the trace is not sampled, not even the telling costs anything.
    pub fn rule(&self, tell: impl FnOnce() -> RuleSpan) {
        if !self.is_sampled {
            return;
        }
        let told = tell();
        let ended = self.at(told.started + told.took);
        let line = |(level, text): (&'static str, String)| {
            let attributes = vec![
                KeyValue::new("log.severity", level),
                KeyValue::new("log.message", text),
            ];
            Event::new("log", ended, attributes, 0)
        };
        let mut attributes = vec![
            KeyValue::new("rule.name", Arc::clone(&told.name)),
            KeyValue::new("rule.digest", told.digest),
            KeyValue::new("rule.lane", told.lane),
            KeyValue::new("rule.outcome", told.outcome),
        ];
        if told.has_failed {
            attributes.push(KeyValue::new("error.type", told.outcome));
        }
        let builder = SpanBuilder::from_name(format!("rule {}", told.name))
            .with_kind(SpanKind::Internal)
            .with_start_time(self.at(told.started))
            .with_attributes(attributes)
            .with_events(told.lines.into_iter().map(line).collect());
        let mut span = self.spans.build_with_context(builder, &self.below);
        if told.has_failed {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(ended);
    }

    /// A moment on the monotonic clock as one on the wall clock: within a trace no time runs backwards.
    fn at(&self, moment: Duration) -> SystemTime {
        self.began + moment.saturating_sub(self.started)
    }
}

/// What a rule did for one token.
pub struct RuleSpan {
    /// The rule's name.
    pub name: Arc<str>,
    /// The SHA-256 of its file.
    pub digest: String,
    /// Which way it is written.
    pub lane: &'static str,
    /// How it ended.
    pub outcome: &'static str,
    /// Whether that is an error, rather than an answer or a denial.
    pub has_failed: bool,
    /// When it began, on the monotonic clock.
    pub started: Duration,
    /// How long it took.
    pub took: Duration,
    /// What it said, by level.
    pub lines: Vec<(&'static str, String)>,
}

fn wall(since_epoch: Duration) -> SystemTime {
    UNIX_EPOCH + since_epoch
}

/// Ids from the server's own randomness.
struct Ids(Arc<dyn Random>);

impl std::fmt::Debug for Ids {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Ids")
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(self.0.bytes())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(self.0.bytes())
    }
}

const SERVER_ERROR: u16 = 500;
/// More than any span here has; what a rule says is limited before it comes here.
const LIMITS: SpanLimits = SpanLimits {
    max_events_per_span: 1_024,
    max_attributes_per_span: 64,
    max_links_per_span: 0,
    max_attributes_per_event: 8,
    max_attributes_per_link: 0,
};
