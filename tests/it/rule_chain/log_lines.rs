//! What rules say while they run.

use std::time::Duration;

use crate::harness::{Lines, Setup, assembled};

/// What a chatty rule writes into the server's log, call after call.
#[tokio::test]
async fn a_rule_that_says_much_at_every_token_is_cut_short_and_the_cut_is_told() {
    let lines = Lines::here();
    let setup = Setup::new().with("10-chatty.wasm", assembled("chatty"));
    let server = setup.start().await;
    for _ in 0..20 {
        server.issue(&[]).await.unwrap();
    }
    assert_eq!(lines.with("hello").len(), 500, "of 1,000 lines at once");
    server.advance(Duration::from_secs(1));
    server.issue(&[]).await.unwrap();
    assert_eq!(lines.with("hello").len(), 550);
    let told = lines.with("left_out");
    assert!(told[0].contains("left_out=500"), "{told:?}");
}

#[tokio::test]
async fn they_are_limited_escaped_and_named() {
    let lines = Lines::here();
    let server = Setup::new()
        .with("10-chatty.wasm", assembled("chatty"))
        .start()
        .await;
    server.issue(&[]).await.unwrap();
    let said = lines.with("hello");
    assert_eq!(said.len(), 50, "{said:?}");
    for line in &said {
        assert!(
            line.contains("\\u{1b}[31mhello\\u{7}\\nlevel=error"),
            "{line}"
        );
        assert!(
            line.contains("rule=\"10-chatty\"") && line.contains("a-transaction"),
            "{line}"
        );
    }
    let told = lines.with("the rule said more than its limits.log_bytes");
    assert_eq!(told.len(), 1, "{told:?}");
}
