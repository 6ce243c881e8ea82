//! Hooks: `module.exports = function (client, scope, audience, context, cb)`.

use serde_json::Value;

use crate::harness::{AUDIENCE, CLIENT, TestServer, running_script};

async fn hook(body: &str) -> TestServer {
    let hook =
        format!("module.exports = function (client, scope, audience, context, cb) {{ {body} }};");
    running_script(&hook, "[settings]\nREGION = 'north'\n").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_knows_client_scope_audience_and_secrets_and_sets_claims() {
    let body = "cb(null, {
        scope: scope,
        'https://acme.example/who': client.id + ' ' + client.metadata.tier,
        'https://acme.example/what': audience,
        'https://acme.example/where': context.webtask.secrets.REGION
    });";
    let claims = hook(body).await.ask(&[("scope", "read")]).await.claims();
    assert_eq!(claims["https://acme.example/who"], format!("{CLIENT} gold"));
    assert_eq!(claims["https://acme.example/what"], AUDIENCE);
    assert_eq!(claims["https://acme.example/where"], "north");
    assert_eq!(claims["scope"], "read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_answers_without_scope_clears_the_scopes() {
    let body = "cb(null, { 'https://acme.example/a': 1 });";
    let claims = hook(body).await.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/a"], 1);
    let scope = claims.get("scope").and_then(Value::as_str);
    assert_eq!(scope.unwrap_or_default(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_errors_of_a_hook_are_oauth_errors() {
    let invalid_scope = "cb(new InvalidScopeError('not this one'));";
    let said = hook(invalid_scope).await.ask(&[]).await;
    assert_eq!(said.refused(400, "invalid_scope"), "not this one");
    let invalid_request = "cb(new InvalidRequestError('say more'));";
    let said = hook(invalid_request).await.ask(&[]).await;
    assert_eq!(said.refused(400, "invalid_request"), "say more");
    let server_error = "cb(new ServerError('my own fault'));";
    let said = hook(server_error).await.ask(&[]).await;
    assert!(!said.refused(500, "server_error").contains("my own fault"));
}
