//! Rules: `function (user, context, callback)`.

use std::collections::HashSet;

use serde_json::json;

use crate::harness::{CLIENT, running_script};

/// The rule of the article that all of this began with, as it stands there.
const SEED: &str = "function (user, context, callback) {
  user.jti = require('uuid').v4();
  callback(null, user, context);
}
";

#[tokio::test(flavor = "multi_thread")]
async fn the_seeds_rule_gives_every_token_an_id_of_its_own() {
    let server = running_script(SEED, "").await;
    let mut ids = HashSet::new();
    for _ in 0..100 {
        let claims = server.ask(&[]).await.claims();
        ids.insert(claims["jti"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 100);
    assert!(ids.iter().all(|id| id.as_bytes()[14] == b'4'), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_of_the_access_token_reach_the_token() {
    let rule = "function (user, context, callback) {
        var namespace = 'https://acme.example/';
        context.accessToken[namespace + 'tier'] = context.clientMetadata.tier;
        context.accessToken[namespace + 'client'] = context.clientID;
        context.accessToken[namespace + 'color'] = context.request.body.color;
        return callback(null, user, context);
    }";
    let server = running_script(rule, "").await;
    let claims = server.ask(&[("color", "red")]).await.claims();
    assert_eq!(claims["https://acme.example/tier"], "gold");
    assert_eq!(claims["https://acme.example/client"], CLIENT);
    assert_eq!(claims["https://acme.example/color"], "red");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_takes_scopes_away_through_the_access_token() {
    let rule = "function (user, context, callback) {
        context.accessToken.scope = ['read'];
        callback(null, user, context);
    }";
    let claims = running_script(rule, "").await.ask(&[]).await.claims();
    assert_eq!(claims["scope"], "read");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unauthorized_error_denies_the_token_in_the_rules_own_words() {
    let rule = "function (user, context, callback) {
        callback(new UnauthorizedError('partners are closed on Sundays'));
    }";
    let answer = running_script(rule, "").await.ask(&[]).await;
    let said = answer.refused(403, "access_denied");
    assert_eq!(said, "partners are closed on Sundays");
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_comes_from_settings_and_from_visible_secrets() {
    let rule = "function (user, context, callback) {
        context.accessToken['https://acme.example/region'] = configuration.REGION;
        context.accessToken['https://acme.example/key'] = configuration.KEY.length;
        callback(null, user, context);
    }";
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "a-secret-of-18-bytes").unwrap();
    let manifest = format!(
        "[settings]\nREGION = 'north'\n[secrets.KEY]\nfile = {:?}\nvisible = true\n",
        file.path()
    );
    let claims = running_script(rule, &manifest)
        .await
        .ask(&[])
        .await
        .claims();
    assert_eq!(claims["https://acme.example/region"], "north");
    assert_eq!(claims["https://acme.example/key"], 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_token_leaves_behind_the_next_one_does_not_see() {
    let rule = "function (user, context, callback) {
        global.seen = (global.seen || 0) + 1;
        Object.prototype.left = 'behind';
        context.accessToken['https://acme.example/seen'] = global.seen;
        callback(null, user, context);
    }";
    let server = running_script(rule, "").await;
    for _ in 0..3 {
        let claims = server.ask(&[]).await.claims();
        assert_eq!(claims["https://acme.example/seen"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bundled_modules_do_their_work() {
    let rule = "function (user, context, callback) {
        const crypto = require('crypto');
        const _ = require('lodash@4.17.10');
        const moment = require('moment');
        const ns = 'https://acme.example/';
        context.accessToken[ns + 'hmac'] = crypto.createHmac('sha256', 'key').update('text').digest('hex');
        context.accessToken[ns + 'picked'] = _.pick({ a: 1, b: 2 }, 'b');
        context.accessToken[ns + 'year'] = moment.utc(0).add(30, 'years').format('YYYY');
        callback(null, user, context);
    }";
    let claims = running_script(rule, "").await.ask(&[]).await.claims();
    let hmac = "6afa9046a9579cad143a384c1b564b9a250d27d6f6a63f9f20bf3a7594c9e2c6";
    assert_eq!(claims["https://acme.example/picked"], json!({ "b": 2 }));
    assert_eq!(claims["https://acme.example/year"], "2000");
    assert_eq!(claims["https://acme.example/hmac"], hmac);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_comes_before_the_answer_and_nobody_waits_for_it() {
    let rule = "function (user, context, callback) {
        setTimeout(function () {
            context.accessToken['https://acme.example/late'] = true;
            callback(null, user, context);
        }, 60000);
    }";
    let claims = running_script(rule, "").await.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/late"], true);
}
