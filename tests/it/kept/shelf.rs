//! Where kept instances wait: how many, and for how long.

use tokio::task::JoinSet;

use super::{KEPT, WAITING, count, counting, fetching, value};
use crate::harness::{AUDIENCE, CLIENT, SECRET, TestServer, Upstream, assembled, until_ok};
use rulemint::reload::Trigger;

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_kept_and_in_new_instances_are_counted() {
    let server = counting(KEPT).await;
    for _ in 0..3 {
        count(&server).await;
    }
    let calls = |instance| {
        format!(
            "rulemint_rule_kept_instance_calls_total{{rule=\"10-count\",instance=\"{instance}\"}}"
        )
    };
    assert_eq!(value(&server, &calls("new")).await, 1.0);
    assert_eq!(value(&server, &calls("kept")).await, 2.0);
    assert_eq!(value(&server, WAITING).await, 1.0);
}

async fn until_waiting(server: &TestServer, count: f64) {
    until_ok("instances that wait", async || {
        let waiting = value(server, WAITING).await;
        if waiting == count {
            Ok(())
        } else {
            Err(waiting)
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_of_a_rule_has_no_instance_of_the_old_one() {
    let server = counting(KEPT).await;
    assert_eq!((count(&server).await, count(&server).await), (1, 2));
    server.put_rule(
        "10-count.toml",
        format!("{KEPT}description = \"another\"\n"),
    );
    server.reloader.send(Trigger::Retry(1)).unwrap();
    server
        .until_rules("the wish", |report| report.wish == 1)
        .await;
    until_waiting(&server, 0.0).await;
    assert_eq!(count(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_no_longer_kept_lets_go_of_its_instances() {
    let server = counting(KEPT).await;
    count(&server).await;
    server.put_rule("10-count.toml", "");
    server.reloader.send(Trigger::Retry(1)).unwrap();
    server
        .until_rules("the wish", |report| report.wish == 1)
        .await;
    until_waiting(&server, 0.0).await;
    assert_eq!((count(&server).await, count(&server).await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_another_rule_leaves_instances_alone() {
    let server = counting(KEPT).await;
    count(&server).await;
    server.put_rule("20-other.wasm", assembled("remember"));
    server.reloader.send(Trigger::Retry(1)).unwrap();
    server
        .until_rules("the wish", |report| report.wish == 1)
        .await;
    assert_eq!(count(&server).await, 2);
}

/// Asks for this many tokens at once. Each waits for another server, so that all are under way together.
async fn ask_at_once(server: &TestServer, upstream: &Upstream, calls: usize) {
    let mut asking = JoinSet::new();
    let to = upstream.address.to_string();
    for _ in 0..calls {
        let (http, url, to) = (
            server.http.clone(),
            format!("{}/oauth/token", server.address),
            to.clone(),
        );
        asking.spawn(async move {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", CLIENT),
                ("client_secret", SECRET),
                ("audience", AUDIENCE),
                ("scheme", "http"),
                ("authority", &to),
                ("path", "/late"),
            ];
            http.post(url).form(&form).send().await.unwrap().status()
        });
    }
    while let Some(status) = asking.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_the_same_time_have_an_instance_each_and_sixteen_are_kept() {
    let (server, upstream) = fetching().await;
    ask_at_once(&server, &upstream, 24).await;
    assert_eq!(value(&server, WAITING).await, 16.0);
    ask_at_once(&server, &upstream, 16).await;
    let kept = "rulemint_rule_kept_instance_calls_total{rule=\"10-fetch\",instance=\"kept\"}";
    assert!(value(&server, kept).await >= 16.0);
}
