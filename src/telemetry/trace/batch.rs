//! Gathers spans, and hands them on in batches on a thread of its own. Nobody waits for it: where too many spans wait
//! already, one more is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use super::otlp::Collector;
use crate::telemetry::metrics::Metrics;

/// Spans that wait for the collector.
#[derive(Debug)]
pub(super) struct Batches {
    inner: BatchSpanProcessor,
    waiting: Arc<AtomicUsize>,
    counts: Counts,
}

/// The metrics, which have nothing to show.
struct Counts(Metrics);

impl std::fmt::Debug for Counts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Counts")
    }
}

impl Batches {
    pub(super) fn new(collector: Collector, metrics: Metrics) -> Self {
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Counted {
            collector,
            waiting: Arc::clone(&waiting),
        };
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(SPANS_WAITING_MAX)
            .with_max_export_batch_size(BATCH_SPANS_MAX)
            .with_scheduled_delay(DELAY)
            .build();
        Self {
            inner: BatchSpanProcessor::new(counted, config),
            waiting,
            counts: Counts(metrics),
        }
    }
}

impl SpanProcessor for Batches {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < SPANS_WAITING_MAX {
            self.inner.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.0.spans_lost.inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// The collector, and the count of what waits for it.
#[derive(Debug)]
struct Counted {
    collector: Collector,
    waiting: Arc<AtomicUsize>,
}

impl SpanExporter for Counted {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.collector.send(batch);
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        sent
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.collector.set_resource(resource);
    }
}

/// Spans in memory, at most: one more is dropped.
const SPANS_WAITING_MAX: usize = 8_192;
const BATCH_SPANS_MAX: usize = 512;
/// How long a span waits for others at most.
const DELAY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Tracer as _, TracerProvider};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::super::Parts;
    use super::*;
    use crate::clock::SystemClock;
    use crate::random::SystemRandom;

    #[test]
    fn where_too_many_wait_one_more_is_dropped_and_counted() {
        let metrics = Metrics::new();
        let parts = Parts {
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            metrics: metrics.clone(),
        };
        let collector = Collector::new("http://127.0.0.1:9".to_owned(), Vec::new(), None, &parts);
        let batches = Batches::new(collector, metrics.clone());
        let waiting = Arc::clone(&batches.waiting);
        waiting.store(SPANS_WAITING_MAX, Ordering::Relaxed);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(batches)
            .build();
        drop(provider.tracer("t").start("one more"));
        assert_eq!(metrics.spans_lost.get(), 1);
        assert_eq!(waiting.load(Ordering::Relaxed), SPANS_WAITING_MAX);
    }
}
