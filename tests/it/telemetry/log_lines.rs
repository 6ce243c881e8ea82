//! The trace in the log's lines.

use serde_json::Value;
use tracing::subscriber::{DefaultGuard, set_default};

use super::collector::Collector;
use super::{PARENT, TRACE_ID, ask_with};
use crate::harness::{Change, Lines, Setup, assembled, mirror};

/// Writes this thread's log as JSON, for a test to read.
fn as_json() -> (Lines, DefaultGuard) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(lines.clone())
        .finish();
    (lines, set_default(subscriber))
}

fn with_message(lines: &Lines, message: &str) -> Vec<Value> {
    let text = lines.text();
    let all = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["message"].as_str().unwrap().contains(message))
        .collect()
}

#[tokio::test]
async fn a_refusal_and_a_rules_lines_name_the_trace() {
    let (lines, _here) = as_json();
    let collector = Collector::start().await;
    let server = Setup::new()
        .with("10-chatty.wasm", assembled("chatty"))
        .with("20-mirror.wasm", mirror())
        .but(collector.configured())
        .start()
        .await;
    let denied = Change::spell(&[Change::Deny("access_denied", "no")]);
    ask_with(&server, &[("traceparent", PARENT)], &[("answer", &denied)])
        .await
        .refused(403, "access_denied");
    for message in ["no token", "hello"] {
        let found = with_message(&lines, message);
        assert!(!found.is_empty(), "{}", lines.text());
        for line in found {
            assert_eq!(line["trace_id"], TRACE_ID, "{line}");
        }
    }
}

#[tokio::test]
async fn where_traces_are_off_no_line_names_one() {
    let (lines, _here) = as_json();
    let server = Setup::new().with("20-mirror.wasm", mirror()).start().await;
    let denied = Change::spell(&[Change::Deny("access_denied", "no")]);
    ask_with(&server, &[("traceparent", PARENT)], &[("answer", &denied)])
        .await
        .refused(403, "access_denied");
    let refusal = &with_message(&lines, "no token")[0];
    assert!(refusal.get("trace_id").is_none(), "{refusal}");
}
