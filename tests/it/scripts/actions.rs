//! Actions: `exports.onExecuteCredentialsExchange = async (event, api) => {}`.

use crate::harness::{AUDIENCE, CLIENT, TestServer, running_script};

async fn action(body: &str, manifest: &str) -> TestServer {
    let action =
        format!("exports.onExecuteCredentialsExchange = async (event, api) => {{ {body} }};");
    running_script(&action, manifest).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_reads_the_event_and_sets_claims() {
    let body = "
        await Promise.resolve();
        api.accessToken.setCustomClaim('https://acme.example/who', event.client.client_id);
        api.accessToken.setCustomClaim('https://acme.example/what', event.resource_server.identifier);
        api.accessToken.setCustomClaim('https://acme.example/asked', event.transaction.requested_scopes);
        api.accessToken.setCustomClaim('https://acme.example/key', event.secrets.KEY);";
    let server = action(body, "[settings]\nKEY = 'value'\n").await;
    let claims = server.ask(&[("scope", "read")]).await.claims();
    assert_eq!(claims["https://acme.example/who"], CLIENT);
    assert_eq!(claims["https://acme.example/what"], AUDIENCE);
    assert_eq!(claims["https://acme.example/asked"][0], "read");
    assert_eq!(claims["https://acme.example/key"], "value");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_denies_a_token() {
    let body = "api.access.deny('invalid_request', 'not without a contract');";
    let answer = action(body, "").await.ask(&[]).await;
    let said = answer.refused(400, "invalid_request");
    assert_eq!(said, "not without a contract");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_takes_scopes_away() {
    let body = "api.transaction.removeTargetScope('write');";
    let claims = action(body, "").await.ask(&[]).await.claims();
    assert_eq!(claims["scope"], "read");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_action_caches_the_next_token_finds() {
    let body = "
        const found = api.cache.get('times');
        const times = found ? Number(found.value) + 1 : 1;
        api.cache.set('times', String(times), { ttl: 60000 });
        api.accessToken.setCustomClaim('https://acme.example/times', times);";
    let server = action(body, "[cache]\n").await;
    for times in 1..=3 {
        let claims = server.ask(&[]).await.claims();
        assert_eq!(claims["https://acme.example/times"], times);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_of_the_login_flow_runs_for_a_token_too() {
    let action = "exports.onExecutePostLogin = async (event, api) => {
        api.accessToken.setCustomClaim('https://acme.example/a', event.client.metadata.tier);
    };";
    let claims = running_script(action, "").await.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/a"], "gold");
}
