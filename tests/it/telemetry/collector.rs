//! An OpenTelemetry collector that keeps what it is sent.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use rulemint::config::Config;
use tokio::net::TcpListener;

/// A collector of a test's own.
pub(super) struct Collector {
    /// Where it listens.
    pub(super) endpoint: String,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    requests: Vec<(HeaderMap, Bytes)>,
    /// What the next requests are answered, before it takes everything.
    refusals: VecDeque<u16>,
    /// How many spans of each request it does not want.
    rejected: i64,
}

impl Collector {
    pub(super) async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&kept));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { endpoint, kept }
    }

    /// A change of a configuration after which spans are sent here.
    pub(super) fn configured(&self) -> impl FnOnce(&mut Config) + use<> {
        let endpoint = self.endpoint.clone();
        |config| config.telemetry.traces.endpoint = Some(endpoint)
    }

    /// Answers the next requests with these statuses.
    pub(super) fn refuse(&self, statuses: &[u16]) {
        self.kept.lock().unwrap().refusals = statuses.iter().copied().collect();
    }

    /// Says of every request from now on that so many of its spans are not wanted.
    pub(super) fn reject(&self, spans: i64) {
        self.kept.lock().unwrap().rejected = spans;
    }

    /// The headers and the body of everything it was sent.
    pub(super) fn requests(&self) -> Vec<(HeaderMap, Bytes)> {
        self.kept.lock().unwrap().requests.clone()
    }

    /// Every span it was sent, each with the attributes of its resource.
    pub(super) fn spans_of_resources(&self) -> Vec<(Vec<KeyValue>, Span)> {
        let mut spans = Vec::new();
        for (_, body) in self.requests() {
            for resource in ExportTraceServiceRequest::decode(body)
                .unwrap()
                .resource_spans
            {
                let attributes = resource.resource.unwrap().attributes;
                let below = resource
                    .scope_spans
                    .into_iter()
                    .flat_map(|scope| scope.spans);
                spans.extend(below.map(|span| (attributes.clone(), span)));
            }
        }
        spans
    }

    /// Every span it was sent.
    pub(super) fn spans(&self) -> Vec<Span> {
        let all = self.spans_of_resources().into_iter();
        all.map(|(_, span)| span).collect()
    }

    /// The one span with this name.
    #[track_caller]
    pub(super) fn span(&self, name: &str) -> Span {
        let spans = self.spans();
        let mut named = spans.iter().filter(|span| span.name == name);
        match (named.next(), named.next()) {
            (Some(span), None) => span.clone(),
            _ => panic!("not one span {name}: {spans:#?}"),
        }
    }
}

async fn take(
    State(kept): State<Arc<Mutex<Kept>>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let mut kept = kept.lock().unwrap();
    if let Some(status) = kept.refusals.pop_front() {
        return (StatusCode::from_u16(status).unwrap(), Vec::new());
    }
    kept.requests.push((headers, body));
    let partial = ExportTracePartialSuccess {
        rejected_spans: kept.rejected,
        error_message: String::new(),
    };
    let said = ExportTraceServiceResponse {
        partial_success: Some(partial),
    };
    (StatusCode::OK, said.encode_to_vec())
}

/// An attribute as text, empty where it is not there.
pub(super) fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.clone()) {
        Some(AnyValue {
            value: Some(Value::StringValue(text)),
        }) => text,
        Some(AnyValue {
            value: Some(Value::IntValue(number)),
        }) => number.to_string(),
        None => String::new(),
        other => panic!("{name} is {other:?}"),
    }
}
