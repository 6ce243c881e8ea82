//! What a kept instance does not outlive.

use rulemint::rule::{Fault, LimitHit};

use super::{KEPT, WAITING, count, counting, fetching, value};

/// Two tokens, one that ends badly, and the next: it begins from the beginning.
async fn fault_after_two(manifest: &str, then: &str) -> Fault {
    let server = counting(&format!("{KEPT}{manifest}")).await;
    assert_eq!((count(&server).await, count(&server).await), (1, 2));
    let fault = server.fault(&[("then", then)]).await;
    assert_eq!(count(&server).await, 1);
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_crashed_is_not_used_again() {
    let fault = fault_after_two("", "trap").await;
    assert!(matches!(fault, Fault::Crash(_)), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_says_it_has_a_fault_is_not_used_again() {
    let fault = fault_after_two("", "fault").await;
    assert!(matches!(fault, Fault::Internal(_)), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_used_up_its_processor_time_is_not_used_again() {
    let fault = fault_after_two("[limits]\nwall_ms = 20000\n", "spin").await;
    assert!(matches!(fault, Fault::Limit(LimitHit::Cpu(50))), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_whose_call_was_given_up_is_not_used_again() {
    let fault = fault_after_two("[limits]\ncpu_ms = 10000\nwall_ms = 100\n", "spin").await;
    assert!(
        matches!(fault, Fault::Limit(LimitHit::Wall(100))),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_serves_five_hundred_tokens() {
    let server = counting(KEPT).await;
    for expected in (1..=500).chain(1..=2) {
        assert_eq!(count(&server).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_never_let_go_of_do_not_fill_an_instance_up() {
    let server = counting(KEPT).await;
    for _ in 0..1_100 {
        server.issue(&[("then", "hold")]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_used_half_of_what_it_may_grow_by_is_not_used_again() {
    let server = counting(&format!("{KEPT}[limits]\nmemory_bytes = 12000000\n")).await;
    let grow = async || server.ask(&[("then", "grow")]).await.claims()["count"].clone();
    // It may grow by some 12 MB in all, and grows by 4 MiB each time.
    assert_eq!(grow().await, 1);
    assert_eq!(grow().await, 2);
    assert_eq!(grow().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_kept_when_its_requests_were_answered() {
    let (server, upstream) = fetching().await;
    let to = upstream.address.to_string();
    server
        .ask(&[("authority", &to), ("scheme", "http")])
        .await
        .token();
    assert_eq!(value(&server, WAITING).await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_did_not_wait_for_its_requests_is_not_used_again() {
    let (server, upstream) = fetching().await;
    let to = upstream.address.to_string();
    // Four is as many as may be under way, so that the fifth, which it would wait for, is refused.
    let burst = [
        ("authority", to.as_str()),
        ("scheme", "http"),
        ("path", "/never"),
        ("burst", "xxxx"),
    ];
    let claims = server.ask(&burst).await.claims();
    assert!(claims.get("error").is_some(), "{claims}");
    assert_eq!(value(&server, WAITING).await, 0.0);
}
