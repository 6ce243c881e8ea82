//! `/cutoffs`

use reqwest::Method;
use rulemint::config::LedgerMode;
use serde_json::{Value, json};

use super::super::{ADMIN, Manager, setup};
use super::problem;
use crate::harness::{AUDIENCE, CLIENT, header};

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_is_cut_off_before_the_answer_and_brought_back() {
    let server = setup()
        .but(|config| config.ledger.mode = LedgerMode::Sync)
        .start()
        .await;
    let admin = Manager::of(&server).await;
    let token = server.ask(&[]).await.token();
    let body = json!({ "client_id": CLIENT, "reason": "their contract ended" });
    let mut dry = body.clone();
    dry["dry_run"] = true.into();
    let answer = admin.own("POST", "/cutoffs", Some(dry)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (200, json!({ "would_revoke": 1 }))
    );
    assert!(server.is_active(&token).await, "a dry run does nothing");

    let answer = admin.own("POST", "/cutoffs", Some(body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let gone = answer.json();
    assert!(!server.is_active(&token).await);
    assert_eq!(
        (&gone["kind"], &gone["client_id"]),
        (&json!("client"), &json!(CLIENT))
    );
    assert_eq!(
        (&gone["tokens"], &gone["actor"]),
        (&json!(1), &json!(ADMIN))
    );
    assert_eq!(gone["reason"], "their contract ended");

    let path = format!("/cutoffs/{}", gone["id"]);
    let undone = admin.own("DELETE", &path, None).await;
    assert_eq!(undone.status, 200, "{undone:?}");
    assert_eq!(undone.json()["undone_by"], ADMIN);
    assert!(server.is_active(&token).await);
    problem(&admin.own("DELETE", &path, None).await, 404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cutoff_of_a_revoked_key_cannot_be_undone() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let kid = header(&admin.token)["kid"].as_str().unwrap().to_owned();
    let plain = admin.own("POST", "/cutoffs", Some(json!({ "key": kid })));
    let plain = plain.await.json();
    assert!(plain.get("final").is_none(), "{plain}");
    let admin = Manager::of(&server).await;
    let path = format!("/keys/signing/{kid}/revoke");
    let revoked = admin.call(Method::PUT, &path, None).await;
    assert_eq!(revoked.status, 201, "{revoked:?}");

    let admin = Manager::of(&server).await;
    let list = admin.own("GET", "/cutoffs", None).await.json();
    let newest = &list["cutoffs"][0];
    assert_eq!(
        (&newest["key"], &newest["final"]),
        (&json!(kid), &json!(true))
    );
    let path = format!("/cutoffs/{}", newest["id"]);
    let refused = admin.own("DELETE", &path, None).await;
    problem(&refused, 409, "key_revoked");
    let list = admin.own("GET", "/cutoffs", None).await.json();
    assert_eq!(list["cutoffs"][0]["undone_at"], Value::Null);
    let path = format!("/cutoffs/{}", plain["id"]);
    let undone = admin.own("DELETE", &path, None).await;
    assert_eq!(undone.status, 200, "the other one says enough: {undone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_tokens_have_in_common_can_be_cut_off() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let grant = server.grant().await;
    for (body, kind) in [
        (json!({ "jti": "t1" }), "token"),
        (json!({ "jti": "t1", "audience": AUDIENCE }), "token"),
        (
            json!({ "client_id": CLIENT, "audience": AUDIENCE }),
            "grant",
        ),
        (json!({ "grant_id": grant.id }), "grant"),
        (json!({ "subject": "alice" }), "subject"),
        (json!({ "audience": AUDIENCE }), "audience"),
        (json!({ "key": "k1", "anyway": true }), "key"),
        (
            json!({ "rule": "0123456789abcdef", "anyway": true }),
            "rule",
        ),
        (
            json!({ "client_id": CLIENT, "issued_before": 1_700_000_000 }),
            "client",
        ),
        (
            json!({ "client_id": CLIENT, "issued_before": "2023-11-14T22:13:20Z" }),
            "client",
        ),
    ] {
        let answer = admin.own("POST", "/cutoffs", Some(body.clone())).await;
        assert_eq!(answer.status, 201, "{body}: {answer:?}");
        let gone = answer.json();
        assert_eq!(gone["kind"], kind, "{body}");
        let by_another_name = ["grant_id", "issued_before", "anyway"];
        for (name, value) in body.as_object().unwrap() {
            if !by_another_name.contains(&name.as_str()) {
                assert_eq!(gone[name], *value, "{gone}");
            }
        }
        if kind == "grant" {
            let told = (&gone["client_id"], &gone["audience"]);
            assert_eq!(told, (&json!(CLIENT), &json!(AUDIENCE)));
        }
        if body.get("issued_before").is_some() {
            assert_eq!(gone["issued_before"], 1_700_000_000, "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_off_must_be_named_rightly() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for body in [
        json!({}),
        json!({ "client_id": CLIENT, "subject": "alice" }),
        json!({ "jti": "t1", "client_id": CLIENT }),
        json!({ "key": "k1", "rule": "0123456789abcdef" }),
        json!({ "subject": "alice", "audience": AUDIENCE }),
        json!({ "rule": "0123" }),
        json!({ "client_id": CLIENT, "issued_before": "yesterday" }),
        json!({ "client_id": CLIENT, "issued_before": 1.5 }),
        json!({ "client_id": CLIENT, "issued_before": i64::MAX }),
        json!({ "client_id": CLIENT, "reason": "x".repeat(501) }),
        json!({ "client_id": 5 }),
        json!({ "client_id": CLIENT, "dry_run": "yes" }),
        json!({ "client_id": CLIENT, "anyway": "yes" }),
    ] {
        let answer = admin.own("POST", "/cutoffs", Some(body.clone())).await;
        let detail = problem(&answer, 400, "invalid_body");
        assert!(!detail.is_empty(), "{body}");
        if detail.contains("one of") {
            for name in [
                "jti",
                "client_id",
                "grant_id",
                "subject",
                "audience",
                "key",
                "rule",
            ] {
                assert!(detail.contains(name), "{detail}");
            }
        }
    }
    let body = json!({ "grant_id": "cgr_nothing" });
    let answer = admin.own("POST", "/cutoffs", Some(body)).await;
    problem(&answer, 404, "inexistent_client_grant");
    let answer = admin.own("DELETE", "/cutoffs/x", None).await;
    problem(&answer, 404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_only_cut_off_anyway() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for mut body in [
        json!({ "client_id": "nobodi" }),
        json!({ "client_id": "nobodi", "dry_run": true }),
        json!({ "client_id": CLIENT, "audience": "https://nowhere.example" }),
        json!({ "audience": "https://nowhere.example" }),
        json!({ "key": "k1" }),
        json!({ "rule": "0123456789abcdef" }),
    ] {
        let answer = admin.own("POST", "/cutoffs", Some(body.clone())).await;
        let detail = problem(&answer, 404, "not_found");
        assert!(detail.contains("anyway"), "{body}: {detail}");
        body["anyway"] = true.into();
        let answer = admin.own("POST", "/cutoffs", Some(body.clone())).await;
        assert!(answer.status.is_success(), "{body}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_list_is_a_conflict() {
    let server = setup()
        .but(|config| config.limits.revocations = 1)
        .start()
        .await;
    let admin = Manager::of(&server).await;
    let cut_off = async |client: &str| {
        let body = json!({ "client_id": client, "anyway": true });
        admin.own("POST", "/cutoffs", Some(body)).await
    };
    assert_eq!(cut_off("a").await.status, 201);
    problem(&cut_off("b").await, 409, "revocation_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_is_listed_part_by_part_and_what_was_undone_on_demand() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for client in ["a", "b", "c"] {
        let body = json!({ "client_id": client, "anyway": true });
        admin.own("POST", "/cutoffs", Some(body)).await;
    }
    admin.own("DELETE", "/cutoffs/2", None).await;
    let values = |part: &Value| -> Vec<String> {
        let rows = part["cutoffs"].as_array().unwrap().iter();
        rows.map(|row| row["client_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(values(&admin.look("/cutoffs").await), ["c", "a"]);
    let first = admin.look("/cutoffs?undone=true&take=2").await;
    assert_eq!(values(&first), ["c", "b"]);
    let path = format!(
        "/cutoffs?undone=true&take=2&from={}",
        first["next"].as_str().unwrap()
    );
    let second = admin.look(&path).await;
    assert_eq!(
        (values(&second), second.get("next")),
        (vec!["a".to_owned()], None)
    );
}
