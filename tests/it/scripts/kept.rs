//! Scripts whose manifest keeps their instances: `global` lives on, and so does what a script breaks in it.

use serde_json::{Value, json};

use crate::harness::{Lines, Setup, TestServer, running_script};

/// A Rule that counts in `global`, and does what the request asks for.
const COUNTING: &str = "
    function (user, context, callback) {
        global.count = (global.count || 0) + 1;
        var then = context.request.body.then;
        if (then === 'throw') throw new Error('on purpose');
        if (then === 'keep') global.earlier = callback;
        if (then === 'call earlier') global.earlier(new Error('of an earlier token'));
        if (then === 'loop') for (;;) {}
        if (then === 'pollute') Object.prototype.polluted = true;
        user.count = global.count;
        user.body = Object.keys(context.request.body).sort().join();
        user.seen = {}.polluted === true;
        callback(null, user, context);
    }";

async fn asked(server: &TestServer, then: &str) -> Value {
    server.ask(&[("then", then)]).await.claims()
}

#[tokio::test(flavor = "multi_thread")]
async fn global_begins_anew_with_each_token() {
    let server = running_script(COUNTING, "").await;
    for _ in 0..3 {
        assert_eq!(asked(&server, "count").await["count"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn global_lives_on_in_a_kept_instance() {
    let server = running_script(COUNTING, KEPT).await;
    for expected in 1..=3 {
        assert_eq!(asked(&server, "count").await["count"], expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_token_reads_its_own_request() {
    let server = running_script(COUNTING, KEPT).await;
    let first = server.ask(&[("color", "red")]).await.claims();
    let second = server.ask(&[("shape", "round")]).await.claims();
    assert_eq!(first["body"], "audience,client_id,color,grant_type");
    assert_eq!(second["body"], "audience,client_id,grant_type,shape");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_threw_begins_anew() {
    let server = running_script(COUNTING, KEPT).await;
    asked(&server, "count").await;
    let fault = server.fault(&[("then", "throw")]).await.to_string();
    assert!(fault.contains("on purpose"), "{fault}");
    assert_eq!(asked(&server, "count").await["count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_never_ends_is_ended_and_begins_anew() {
    let server = running_script(COUNTING, KEPT).await;
    asked(&server, "count").await;
    server.fault(&[("then", "loop")]).await;
    assert_eq!(asked(&server, "count").await["count"], 1);
}

#[tokio::test]
async fn a_callback_of_an_earlier_token_does_not_end_a_later_one() {
    let lines = Lines::here();
    let server = running_script(COUNTING, KEPT).await;
    asked(&server, "keep").await;
    assert_eq!(asked(&server, "call earlier").await["count"], 2);
    let said = lines.with("the callback of an earlier token was called");
    assert_eq!(said.len(), 1, "{}", lines.text());
}

/// This is the trade: what a script breaks for itself stays broken while its instance lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_polluted_prototype_reaches_the_next_token_of_its_own_rule_and_no_other_rule() {
    let other = COUNTING.replace("user.seen", "user.seen_by_other");
    let setup = Setup::new().with_script("10-one.js", COUNTING).await;
    let server = setup
        .with("10-one.toml", KEPT)
        .with("20-other.js", other.replace("'pollute'", "'nothing'"))
        .with("20-other.toml", KEPT)
        .start()
        .await;
    asked(&server, "pollute").await;
    let claims = asked(&server, "count").await;
    assert_eq!(
        (&claims["seen"], &claims["count"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(claims["seen_by_other"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_breaks_its_instance_begins_anew_once_that_shows() {
    let breaking = COUNTING.replace(
        "Object.prototype.polluted = true;",
        "Object.defineProperty(Object.prototype, 'count', { set() { throw new Error('broken'); } });",
    );
    let server = running_script(&breaking, KEPT).await;
    server.fault(&[("then", "pollute")]).await;
    assert_eq!(asked(&server, "count").await["count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_of_the_host_are_as_safe_as_ever() {
    let forging = COUNTING.replace("user.seen = ", "context.accessToken.iss = ");
    let server = running_script(&forging, KEPT).await;
    for _ in 0..2 {
        let fault = server.fault(&[]).await.to_string();
        assert!(fault.contains("iss"), "{fault}");
    }
}

/// On a busy machine the clock may run out before the processor time does.
const KEPT: &str = "instances = \"kept\"\n[limits]\nwall_ms = 20000\n";
