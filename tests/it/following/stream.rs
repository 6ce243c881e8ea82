//! The list as it happens.

use reqwest::Response;
use rulemint::revocation::Target;
use serde_json::{Value, json};

use super::{API, asking, server, token};
use crate::harness::{CLIENT, TestServer, a_test};

/// Reads the events of a stream one by one.
struct Events {
    response: Response,
    text: String,
}

/// An event: its name, its data, and its id where it has one.
#[derive(Debug)]
struct Event {
    name: String,
    data: Value,
    id: Option<String>,
}

impl Events {
    async fn of(server: &TestServer, last: Option<&str>) -> Self {
        let mut request = asking(server, "").header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
        }
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| {
                    let lines = event.lines();
                    let mut values = lines.filter_map(|line| line.strip_prefix(name));
                    values.next().map(str::to_owned)
                };
                let event = Event {
                    name: line("event: ").unwrap_or_default(),
                    data: serde_json::from_str(&line("data: ").unwrap()).unwrap(),
                    id: line("id: "),
                };
                self.text = rest.to_owned();
                return Some(event);
            }
            let more = self.response.chunk().await.unwrap()?;
            self.text += str::from_utf8(&more).unwrap();
        }
    }

    /// The next event, which must have this name.
    async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap();
        assert_eq!(event.name, name, "{event:?}");
        event
    }

    /// The next change; signs that nothing happened in between do not count.
    async fn change(&mut self) -> Value {
        loop {
            match self.next().await.unwrap() {
                event if event.name == "change" => return event.data,
                other => assert_eq!(other.name, "current", "{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_begins_with_the_whole_list_and_goes_on_with_what_happens() {
    let server = server().await;
    server.revoke(token("t1", None)).await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    assert_eq!(events.expect("change").await.data["jti"], "t1");
    assert!(events.expect("current").await.id.is_some());
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    assert_eq!(events.change().await["client_id"], CLIENT);
    server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    let undone = events.change().await;
    assert_eq!(
        (&undone["id"], &undone["undone"]),
        (&json!(gone.row.id), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_the_last_one_ended() {
    let server = server().await;
    server.revoke(token("t1", None)).await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    events.expect("change").await;
    let last = events.expect("current").await.id.unwrap();
    drop(events);
    server.revoke(token("t2", None)).await;
    let mut events = Events::of(&server, Some(&last)).await;
    assert_eq!(events.expect("change").await.data["jti"], "t2");
    events.expect("current").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_cannot_go_on_begins_again() {
    let server = server().await;
    server.revoke(token("t1", None)).await;
    for last in ["garbage", "", "0000.0000.5"] {
        let mut events = Events::of(&server, Some(last)).await;
        events.expect("reset").await;
        assert_eq!(events.expect("change").await.data["jti"], "t1");
        events.expect("current").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_hears_again_and_again_that_it_has_missed_nothing() {
    let server = server().await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    let first = events.expect("current").await;
    let second = events.expect("current").await;
    assert_eq!(first.id, second.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_outlives_the_time_that_a_connection_may_idle() {
    let server = server().await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    events.expect("current").await;
    // The supervisor looks once a second; the server gives a sign every five.
    server.advance(std::time::Duration::from_secs(100));
    events.expect("current").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_server_stops() {
    let server = server().await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    events.expect("current").await;
    server.stop().await;
    assert!(events.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_its_reader_may_not_read_any_more() {
    let server = server().await;
    let mut events = Events::of(&server, None).await;
    events.expect("reset").await;
    events.expect("current").await;
    server.registrar.delete_client(API).await.unwrap();
    server.revoke(token("t1", None)).await;
    while let Some(event) = events.next().await {
        assert_eq!(event.name, "current", "{event:?}");
    }
}
