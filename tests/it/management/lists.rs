//! Lists in both paging styles, filters and projections.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ADMIN, Manager, refused, setup};
use crate::harness::{AUDIENCE, CLIENT};

/// Adds this many clients, and gives their ids in that order, behind those that every test server has.
async fn clients(admin: &Manager<'_>, count: usize) -> Vec<String> {
    let mut ids = BTreeSet::new();
    for number in 0..count {
        let body = json!({ "name": format!("client {number}") });
        let client = admin.add("/clients", body).await;
        ids.insert(client["client_id"].as_str().unwrap().to_owned());
    }
    ids.extend([ADMIN.to_owned(), CLIENT.to_owned()]);
    ids.into_iter().collect()
}

fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|it| it["client_id"].as_str().unwrap().to_owned())
        .collect()
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn without_paging_a_list_is_whole() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let all = clients(&admin, 3).await;
    let answer = admin.get("/clients").await;
    assert_eq!(sorted(ids(&answer.json())), all);
    assert_eq!(answer.header("Link"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_number_hold_everything_once() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let all = clients(&admin, 5).await;
    let mut seen = Vec::new();
    for page in 0..4 {
        let answer = admin.get(&format!("/clients?page={page}&per_page=2")).await;
        let base = format!("<{}/api/v2/clients?page=", server.address);
        let link = format!("{base}0&per_page=2>; rel=\"first\", {base}3&per_page=2>; rel=\"last\"");
        assert_eq!(answer.header("Link"), link);
        let list = ids(&answer.json());
        assert_eq!(list.len(), if page == 3 { 1 } else { 2 });
        seen.extend(list);
    }
    assert_eq!(sorted(seen), all);
    assert_eq!(
        admin.get("/clients?page=4&per_page=2").await.json(),
        json!([])
    );
    assert_eq!(admin.get("/clients?page=1000000").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_come_in_an_envelope() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    clients(&admin, 3).await;
    let answer = admin
        .get("/clients?page=1&per_page=2&include_totals=true")
        .await
        .json();
    let count = |name: &str| answer[name].as_u64().unwrap();
    let counts = ["start", "limit", "length", "total"].map(count);
    assert_eq!(counts, [2, 2, 2, 5]);
    assert_eq!(answer["clients"].as_array().unwrap().len(), 2);
    for (path, plural) in [
        ("/client-grants", "client_grants"),
        ("/resource-servers", "resource_servers"),
    ] {
        let answer = admin
            .get(&format!("{path}?include_totals=true"))
            .await
            .json();
        assert_eq!(
            (&answer["total"], &answer["limit"]),
            (&json!(2), &json!(50))
        );
        assert_eq!(answer[plural].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_hold_everything_once_whatever_is_deleted_in_between() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let all = clients(&admin, 5).await;
    let mut seen = Vec::new();
    let mut from = String::new();
    loop {
        let answer = admin.get(&format!("/clients?take=2{from}")).await.json();
        let list = ids(&answer["clients"]);
        let Some(next) = answer["next"].as_str() else {
            seen.extend(list);
            break;
        };
        // The one that the next part begins behind: it must not matter that it is gone.
        let last = list.last().unwrap();
        if last != ADMIN {
            assert_eq!(admin.delete(&format!("/clients/{last}")).await.status, 204);
        }
        seen.extend(list);
        from = format!("&from={next}");
    }
    assert_eq!(sorted(seen), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_are_found_by_client_and_by_audience() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let system = format!("{}/api/v2/", server.address);
    for (filter, expected) in [
        (format!("client_id={CLIENT}"), vec![CLIENT]),
        (format!("audience={system}"), vec![ADMIN]),
        (
            format!("audience={AUDIENCE}&client_id={CLIENT}"),
            vec![CLIENT],
        ),
        (format!("audience={AUDIENCE}&client_id={ADMIN}"), vec![]),
        ("audience=urn:none".to_owned(), vec![]),
        ("subject_type=client&client_id=c1".to_owned(), vec![CLIENT]),
        ("subject_type=user".to_owned(), vec![]),
        ("allow_any_organization=true".to_owned(), vec![]),
        (
            "allow_any_organization=false&client_id=c1".to_owned(),
            vec![CLIENT],
        ),
    ] {
        let list = admin.get(&format!("/client-grants?{filter}")).await.json();
        assert_eq!(ids(&list), expected, "{filter}");
        let list = admin
            .get(&format!("/client-grants?take=5&{filter}"))
            .await
            .json();
        assert_eq!(ids(&list["client_grants"]), expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_are_found_by_what_they_are() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let other = json!({ "name": "page", "app_type": "spa", "is_first_party": false });
    let spa = admin.add("/clients", other).await;
    let spa = spa["client_id"].as_str().unwrap();
    for (filter, expected) in [
        ("app_type=spa", vec![spa]),
        ("app_type=non_interactive", vec![CLIENT, ADMIN]),
        ("app_type=native,spa", vec![spa]),
        ("is_first_party=false", vec![spa]),
        ("is_first_party=true", vec![CLIENT, ADMIN]),
        ("is_global=true", vec![]),
        ("is_global=false&app_type=spa", vec![spa]),
    ] {
        let list = admin.get(&format!("/clients?{filter}")).await.json();
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(sorted(ids(&list)), sorted(expected), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn apis_are_found_by_their_identifiers() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for identifier in ["urn:a", "urn:b"] {
        let body = json!({ "identifier": identifier });
        admin.add("/resource-servers", body).await;
    }
    for filter in [
        "identifiers=urn:a&identifiers=urn:b",
        "identifiers=urn:a,urn:b",
    ] {
        let list = admin
            .get(&format!("/resource-servers?{filter}"))
            .await
            .json();
        assert_eq!(list.as_array().unwrap().len(), 2, "{filter}");
    }
    let eleven = ["x"; 11].join(",");
    let answer = admin
        .get(&format!("/resource-servers?identifiers={eleven}"))
        .await;
    refused(&answer, 400, "invalid_query_string");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_wanted_fields_are_answered() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    let expected = json!({ "name": "the first client", "client_id": CLIENT });
    let one = admin.get("/clients/c1?fields=name,client_id").await.json();
    assert_eq!(one, expected);
    let without = "/clients/c1?fields=name,client_id&include_fields=false";
    let rest = admin.get(without).await.json();
    assert!(rest.get("name").is_none() && rest.get("grant_types").is_some());
    let list = admin.get("/clients?fields=client_id&take=1").await.json();
    let keys: Vec<&String> = list["clients"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["client_id"]);
    let path = "/resource-servers/https%3A%2F%2Fapi.example?fields=identifier";
    assert_eq!(
        admin.get(path).await.json(),
        json!({ "identifier": AUDIENCE })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_means_nothing_is_refused() {
    let server = setup().start().await;
    let admin = Manager::of(&server).await;
    for query in [
        "clients?pages=1",
        "clients?page=x",
        "clients?page=-1",
        "clients?page=1000001",
        "clients?per_page=0",
        "clients?per_page=101",
        "clients?take=0",
        "clients?take=101",
        "clients?from=nonsense",
        "clients?include_totals=maybe",
        "clients?page=1&page=2",
        "clients?is_global=2",
        "clients?fields=name&include_fields=no",
        "clients?q=name",
        "clients/c1?page=1",
        "client-grants?app_type=spa",
    ] {
        let answer = admin.get(&format!("/{query}")).await;
        let message = refused(&answer, 400, "invalid_query_string");
        assert!(message.starts_with("Query validation error: "), "{message}");
    }
}
