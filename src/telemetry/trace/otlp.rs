//! Sends spans to a collector: OTLP over HTTP, as protobuf.
//!
//! The message types are OpenTelemetry's, the exporter is our own: `opentelemetry-otlp` takes headers, compression and
//! protocol from the environment whatever the configuration says, and fails to start where it does not like them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use tracing::warn;
use ureq::tls::TlsConfig;

use super::Parts;
use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;

/// A collector. It is talked to from one thread, which waits for the answer.
pub(super) struct Collector {
    address: String,
    headers: Vec<(String, String)>,
    agent: ureq::Agent,
    resource: ResourceAttributesWithSchema,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    /// When a failure was logged last, on the monotonic clock.
    complained: Mutex<Option<Duration>>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Collector({})", self.address)
    }
}

impl Collector {
    /// One at this address, which is sent these headers. `tls` is for one that speaks it.
    pub(super) fn new(
        address: String,
        headers: Vec<(String, String)>,
        tls: Option<TlsConfig>,
        parts: &Parts,
    ) -> Self {
        let agent = ureq::Agent::config_builder()
            .tls_config(tls.unwrap_or_default())
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("rulemint/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            address,
            headers,
            agent: agent.into(),
            resource: ResourceAttributesWithSchema::default(),
            metrics: parts.metrics.clone(),
            clock: Arc::clone(&parts.clock),
            complained: Mutex::default(),
        }
    }

    pub(super) fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }

    /// Sends spans, and once more if the collector may be back by then. What it does not take is lost.
    pub(super) fn send(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let body = request.encode_to_vec();
        let sent = match self.post(&body) {
            Err(problem) if problem.may_pass() => {
                thread::sleep(PAUSE);
                self.post(&body)
            }
            sent => sent,
        };
        let problem = match sent {
            Ok(rejected) => {
                let rejected = rejected.min(spans);
                self.metrics.spans_exported.inc_by(spans - rejected);
                self.metrics.spans_lost.inc_by(rejected);
                return Ok(());
            }
            Err(problem) => problem,
        };
        self.metrics.spans_lost.inc_by(spans);
        self.metrics.span_export_failures.inc();
        self.complain(&problem);
        Err(OTelSdkError::InternalFailure(problem.to_string()))
    }

    /// How many of the spans the collector does not want after all.
    fn post(&self, body: &[u8]) -> Result<u64, ExportError> {
        let mut request = self
            .agent
            .post(&self.address)
            .header("content-type", "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(body)?;
        let status = answer.status().as_u16();
        // Read to its end, a connection can be used again.
        let said = answer.body_mut().with_config();
        let said = said
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .unwrap_or_default();
        match status {
            200..300 => Ok(rejected(&said)),
            status => Err(ExportError::Status(status)),
        }
    }

    /// Logs a failure, unless another was a moment ago.
    fn complain(&self, problem: &ExportError) {
        let now = self.clock.monotonic();
        let mut last = self
            .complained
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| now.saturating_sub(last) >= COMPLAINTS_APART) {
            *last = Some(now);
            warn!(
                address = self.address,
                problem = problem as &dyn std::error::Error,
                "spans are lost: the collector does not take them"
            );
        }
    }
}

fn rejected(said: &[u8]) -> u64 {
    let said = ExportTraceServiceResponse::decode(said).unwrap_or_default();
    let partial = said.partial_success.unwrap_or_default();
    u64::try_from(partial.rejected_spans).unwrap_or_default()
}

/// Why a collector did not take spans.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    /// It does not answer.
    #[error("it does not answer")]
    Http(#[from] ureq::Error),
    /// It said no.
    #[error("it answered {0}")]
    Status(u16),
}

impl ExportError {
    /// Whether the same may work in a moment (OTLP, "Retryable Response Codes").
    fn may_pass(&self) -> bool {
        match self {
            Self::Http(_) => true,
            Self::Status(status) => matches!(status, 429 | 502 | 503 | 504),
        }
    }
}

const TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(500);
const COMPLAINTS_APART: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::random::SystemRandom;

    /// Seconds, as a test sets them.
    #[derive(Default)]
    struct Seconds(AtomicU64);

    impl Clock for Seconds {
        fn since_epoch(&self) -> Duration {
            self.monotonic()
        }

        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_failure_is_logged_once_a_minute() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .finish();
        let _here = tracing::subscriber::set_default(subscriber);
        let clock = Arc::new(Seconds::default());
        let parts = Parts {
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            metrics: Metrics::new(),
        };
        let headers = vec![("authorization".to_owned(), "secret".to_owned())];
        let address = "http://127.0.0.1:9/v1/traces".to_owned();
        let collector = Collector::new(address, headers, None, &parts);
        for second in [0, 1, 59, 60, 61, 119, 120] {
            clock.0.store(second, Ordering::Relaxed);
            collector.complain(&ExportError::Status(500));
        }
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("it answered 500"), "{text}");
        assert!(!format!("{collector:?}").contains("secret"));
    }
}
