//! What the server tells about itself.

mod collector;
mod log_lines;
mod metrics;
mod sampling;
mod secured;
mod sending;
mod traces;

use collector::Collector;

use crate::harness::{AUDIENCE, Answer, CLIENT, SECRET, Setup, TestServer, jti_rule};

/// A `traceparent` whose caller wants its trace followed.
pub(crate) const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// The trace id in it.
pub(crate) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A server with the jti rule that sends its traces to this collector.
fn traced(collector: &Collector) -> Setup {
    Setup::new()
        .with("10-jti.wasm", jti_rule())
        .but(collector.configured())
}

/// Asks for a token with these headers, and more parameters than the usual ones.
pub(crate) async fn ask_with(
    server: &TestServer,
    headers: &[(&str, &str)],
    more: &[(&str, &str)],
) -> Answer {
    let usual = [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("audience", AUDIENCE),
    ];
    let form = [&usual, more].concat();
    let mut request = server.http.post(format!("{}/oauth/token", server.address));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::read(request.form(&form).send().await.unwrap()).await
}
