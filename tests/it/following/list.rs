//! The whole list, what changed since, and waiting for that.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use rulemint::revocation::{NewRevocation, Target};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection};

use super::{API, answer, asking, client, list, server, since, token};
use crate::harness::{AUDIENCE, CLIENT, a_test, claims, header, revocation, until};

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_each_entry_is_compared_with() {
    let server = server().await;
    let targets = [
        token("t1", None),
        token("t2", Some(AUDIENCE)),
        Target::Client(CLIENT.to_owned()),
        Target::Grant {
            client_id: CLIENT.to_owned(),
            audience: AUDIENCE.to_owned(),
        },
        Target::Subject("anna".to_owned()),
        Target::Audience(AUDIENCE.to_owned()),
        Target::Key("a-key".to_owned()),
        Target::Rule("0123456789abcdef".to_owned()),
    ];
    for target in targets {
        server.revoke(target).await;
    }
    let list = list(&server, "").await;
    assert_eq!(
        (&list["whole"], &list["more"]),
        (&json!(true), &json!(false))
    );
    let mut entries = list["entries"].as_array().unwrap().clone();
    for (number, entry) in entries.iter_mut().enumerate() {
        let entry = entry.as_object_mut().unwrap();
        assert_eq!(entry.remove("id"), Some(json!(number + 1)));
        assert!(entry.remove("exp").unwrap().as_i64().unwrap() > 0);
    }
    assert_eq!(
        Value::from(entries),
        json!([
            {"kind": "token", "jti": "t1"},
            {"kind": "token", "jti": "t2", "aud": AUDIENCE},
            {"kind": "client", "client_id": CLIENT},
            {"kind": "grant", "client_id": CLIENT, "aud": AUDIENCE},
            {"kind": "subject", "sub": "anna"},
            {"kind": "audience", "aud": AUDIENCE},
            {"kind": "key", "kid": "a-key"},
            {"kind": "rule", "rule": "0123456789abcdef"},
        ]),
        "and neither who did it nor why"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_is_told_and_so_is_what_was_undone() {
    let server = server().await;
    let (entries, cursor) = since(&server, &list(&server, "").await["cursor"]).await;
    assert!(entries.is_empty());
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    let (entries, cursor) = since(&server, &cursor).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["id"], entries[0].get("undone")),
        (&json!(gone.row.id), None)
    );
    let undone = server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    server.until_in_force(&undone).await;
    let (entries, cursor) = since(&server, &cursor).await;
    assert_eq!(
        (&entries[0]["id"], &entries[0]["undone"]),
        (&json!(gone.row.id), &json!(true))
    );
    assert!(since(&server, &cursor).await.0.is_empty());
    let whole = list(&server, "").await;
    assert_eq!(whole["entries"], json!([]), "the whole has none of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_at_an_earlier_moment_says_which() {
    let server = server().await;
    let earlier = NewRevocation {
        issued_before: Some(1_000_000),
        ..client(CLIENT)
    };
    let gone = server.revoker().revoke(earlier).await.unwrap();
    server.until_in_force(&gone).await;
    assert_eq!(list(&server, "").await["entries"][0]["before"], 1_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_revoked_key_is_final_and_that_of_one_in_use_is_not() {
    let server = server().await;
    let kid = header(&server.ask(&[]).await.token())["kid"].clone();
    let kid = kid.as_str().unwrap();
    server.revoke(Target::Key(kid.to_owned())).await;
    let cursor = list(&server, "").await["cursor"].clone();
    let instead = server.registrar.key_instead_of(kid).await.unwrap();
    let (revoker, actor) = (server.revoker(), a_test());
    let gone = revoker.revoke_key((kid, &instead), None, &actor).await;
    server.until_in_force(&gone.unwrap()).await;
    let (changed, _) = since(&server, &cursor).await;
    assert_eq!((changed.len(), &changed[0]["final"]), (1, &json!(true)));
    let whole = list(&server, "").await;
    let (plain, is_final) = (&whole["entries"][0], &whole["entries"][1]);
    assert_eq!((&plain["kid"], plain.get("final")), (&json!(kid), None));
    assert_eq!(is_final, &changed[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_outlives_a_restart() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    server.revoke(token("t1", None)).await;
    let server = server.stop().await.start().await;
    let (entries, cursor) = since(&server, &cursor).await;
    assert_eq!(entries[0]["jti"], "t1");
    server.revoke(token("t2", None)).await;
    let (entries, _) = since(&server, &cursor).await;
    assert_eq!((entries.len(), &entries[0]["jti"]), (1, &json!("t2")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_means_nothing_here_says_to_start_again() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let ahead = format!("{}.999999", cursor.rsplit_once('.').unwrap().0);
    let other = super::server().await;
    let other = list(&other, "").await["cursor"].clone();
    for cursor in [&*ahead, other.as_str().unwrap(), "garbage", ""] {
        for wait in ["", "&wait=1"] {
            let answer = answer(asking(&server, &format!("?since={cursor}{wait}"))).await;
            let why = answer.refused(410, "start_again");
            assert!(why.contains("without since"), "{why}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_keeps_a_copy_begins_again_after_an_older_version_changed_the_list() {
    let server = server().await;
    server.revoke(token("t1", None)).await;
    let cursor = list(&server, "").await["cursor"].clone();
    let setup = server.stop().await;
    let file = format!(
        "sqlite:{}",
        setup.config.data_dir.join("rulemint.db").display()
    );
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let older = "INSERT INTO revocations (kind, value, audience, expires_at, actor, created_at) \
                 VALUES ('token', 't2', '', 9999999999, 'an older version', 0)";
    store.execute(older).await.unwrap();
    store.close().await.unwrap();
    let server = setup.start().await;
    let query = format!("?since={}", cursor.as_str().unwrap());
    answer(asking(&server, &query))
        .await
        .refused(410, "start_again");
    assert_eq!(list(&server, "").await["entries"][1]["jti"], "t2");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_it_already_is_told_so() {
    let server = server().await;
    let whole = answer(asking(&server, "")).await;
    let (tag, cursor) = (whole.header("etag"), whole.json()["cursor"].clone());
    let query = format!("?since={}", cursor.as_str().unwrap());
    for query in ["", &*query] {
        let request = asking(&server, query).header("if-none-match", tag);
        let again = answer(request.try_clone().unwrap()).await;
        assert_eq!((again.status.as_u16(), &*again.body), (304, ""), "{query}");
        assert_eq!(again.header("etag"), tag);
    }
    server.revoke(token("t1", None)).await;
    for query in ["", &*query] {
        let changed = answer(asking(&server, query).header("if-none-match", tag)).await;
        assert_eq!(changed.json()["entries"][0]["jti"], "t1");
        assert_ne!(changed.header("etag"), tag);
        assert_eq!(changed.header("cache-control"), "private, no-cache");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_hears_of_a_revocation_as_soon_as_there_is_one() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    let query = format!("?since={}&wait=60", cursor.as_str().unwrap());
    let waiting = tokio::spawn(answer(asking(&server, &query)));
    server.revoke(token("t1", None)).await;
    let news = waiting.await.unwrap().json();
    assert_eq!(news["entries"][0]["jti"], "t1");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_in_vain_is_told_that_nothing_happened() {
    let server = server().await;
    let whole = answer(asking(&server, "")).await;
    let query = format!("?since={}&wait=1", whole.json()["cursor"].as_str().unwrap());
    let nothing = answer(asking(&server, &query)).await.json();
    assert_eq!(nothing["entries"], json!([]));
    assert_eq!(nothing["cursor"], whole.json()["cursor"]);
    let request = asking(&server, &query).header("if-none-match", whole.header("etag"));
    assert_eq!(answer(request).await.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_does_not_hold_up_the_end() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    let query = format!("?since={}&wait=60", cursor.as_str().unwrap());
    let waiting = tokio::spawn(answer(asking(&server, &query)));
    until("the reader to wait", async || {
        let metrics = server.get("/metrics").await.body;
        metrics
            .contains("rulemint_revocation_readers 1")
            .then_some(())
    })
    .await;
    server.stop().await;
    assert_eq!(waiting.await.unwrap().json()["entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_wrong_is_refused() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    for query in [
        "?wait=5".to_owned(),
        "?since=a&since=b".to_owned(),
        "?until=5".to_owned(),
        format!("?since={cursor}&wait=0"),
        format!("?since={cursor}&wait=61"),
        format!("?since={cursor}&wait=soon"),
    ] {
        let refused = answer(asking(&server, &query)).await;
        refused.refused(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_have_missed_something_says_nothing() {
    let server = server().await;
    let cursor = list(&server, "").await["cursor"].clone();
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let broken = "ALTER TABLE changes RENAME TO lost";
    store.execute(broken).await.unwrap();
    server.advance(Duration::from_secs(6));
    let query = format!("?since={}", cursor.as_str().unwrap());
    until("the server to notice that it knows nothing", async || {
        let answer = answer(asking(&server, &query)).await;
        (answer.status == 503).then_some(())
    })
    .await;
    let refused = answer(asking(&server, "")).await;
    refused.refused(503, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signed_list_is_for_its_reader_alone_and_no_access_token() {
    let server = server().await;
    server.revoke(token("t1", None)).await;
    let media_type = "application/rulemint-revocations+jwt";
    let signed = answer(asking(&server, "").header("accept", media_type)).await;
    assert_eq!(signed.header("content-type"), media_type);
    let jwks: JwkSet =
        serde_json::from_str(&server.get("/.well-known/jwks.json").await.body).unwrap();
    let kid = header(&signed.body)["kid"].clone();
    let key = jwks.find(kid.as_str().unwrap()).unwrap();
    let mut checks = Validation::new(Algorithm::ES256);
    checks.set_issuer(&[&server.address]);
    checks.set_audience(&[API]);
    checks.required_spec_claims = ["iss".to_owned(), "aud".to_owned()].into();
    let key = DecodingKey::from_jwk(key).unwrap();
    let said = decode::<Value>(&signed.body, &key, &checks).unwrap();
    assert_eq!(said.header.typ.as_deref(), Some("rulemint-revocations+jwt"));
    assert_eq!(said.claims["revocations"]["entries"][0]["jti"], "t1");
    let claims = claims(&signed.body);
    assert!(claims.get("sub").is_none() && claims.get("exp").is_none());
    assert_eq!(server.verify(&signed.body).await.status, 401);
    assert!(!server.is_active(&signed.body).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_parts() {
    let server = server().await;
    let file = format!("sqlite:{}", server.data_dir().join("rulemint.db").display());
    let mut store = SqliteConnection::connect(&file).await.unwrap();
    let many = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 5003) \
                INSERT INTO revocations (kind, value, audience, expires_at, actor, created_at, changed) \
                SELECT 'token', 't' || n, '', 9999999999, 'a test', 0, n - 5003 FROM numbers";
    store.execute(many).await.unwrap();
    let new = revocation(token("the-last", None));
    let last = server.revoker_of(10_000).revoke(new).await.unwrap();
    server.until_in_force(&last).await;
    let first = list(&server, "").await;
    assert_eq!(
        (first["entries"].as_array().unwrap().len(), &first["more"]),
        (5_000, &json!(true))
    );
    let (rest, cursor) = since(&server, &first["cursor"]).await;
    assert_eq!(rest.len(), 4);
    assert_eq!(rest.last().unwrap()["id"], last.row.id);
    assert!(since(&server, &cursor).await.0.is_empty());
}
