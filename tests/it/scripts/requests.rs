//! HTTP requests of scripts, by the libraries that such scripts use.

use serde_json::json;

use crate::harness::{TestServer, Upstream, running_script};

/// An action whose manifest lets it reach this server.
async fn asking(upstream: &Upstream, body: &str) -> TestServer {
    let action =
        format!("exports.onExecuteCredentialsExchange = async (event, api) => {{ {body} }};");
    let manifest = format!(
        "[settings]\nURL = {:?}\n[limits]\nwall_ms = 20000\ncpu_ms = 1000\n[http]\nhosts = [{:?}]\nprivate = true\n\
         timeout_ms = 10000\n",
        upstream.origin(),
        upstream.origin()
    );
    running_script(&action, &manifest).await
}

async fn answer_of(body: &str) -> serde_json::Value {
    let upstream = Upstream::start().await;
    let body = format!(
        "const url = event.secrets.URL; let answer; {body}
         api.accessToken.setCustomClaim('https://acme.example/answer', answer);"
    );
    let claims = asking(&upstream, &body).await.ask(&[]).await.claims();
    claims["https://acme.example/answer"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_reads_json() {
    let answer = answer_of("answer = await (await fetch(url + '/people')).json();").await;
    assert_eq!(answer, json!({ "well": true }));
}

#[tokio::test(flavor = "multi_thread")]
async fn axios_posts_json() {
    let body = "const axios = require('axios');
        const { data } = await axios.post(url + '/echo', { id: 7 });
        answer = [data.method, JSON.parse(data.body).id, data.headers['content-type']];";
    let answer = answer_of(body).await;
    assert_eq!(answer, json!(["POST", 7, "application/json"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn request_calls_back_with_a_parsed_body() {
    let body = "const request = require('request');
        answer = await new Promise((resolve, reject) =>
            request.get({ url: url + '/people', json: true }, (error, response, body) =>
                error ? reject(error) : resolve([response.statusCode, body])));";
    let answer = answer_of(body).await;
    assert_eq!(answer, json!([200, { "well": true }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_listed_is_an_error_that_names_the_setting() {
    let body = "try { await fetch('https://elsewhere.example/'); } catch (error) {
        answer = String(error.cause ? error.cause.message : error.message) + error.message;
    }";
    let answer = answer_of(body).await;
    assert!(answer.as_str().unwrap().contains("http.hosts"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_there_are_no_requests() {
    let action = "exports.onExecuteCredentialsExchange = async (event, api) => {
        try { await fetch('https://elsewhere.example/'); } catch (error) {
            const text = String(error.cause ? error.cause.message : '') + error.message;
            api.accessToken.setCustomClaim('https://acme.example/answer', text);
        }
    };";
    let claims = running_script(action, "").await.ask(&[]).await.claims();
    let said = claims["https://acme.example/answer"].as_str().unwrap();
    assert!(said.contains("[http] hosts"), "{said}");
}
