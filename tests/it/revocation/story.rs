//! The partner whose contract ends: its tokens live for a month, there are ten thousand of them, and nobody wrote them down.

use rulemint::config::LedgerMode;
use rulemint::registry::{NewApi, NewGrant};
use rulemint::request::{Credentials, TokenRequest, Wanted};
use rulemint::revocation::Target;

use crate::harness::{CLIENT, SECRET, Setup, TestServer, a_test, until};

const MONTHLY: &str = "https://monthly.example";
const A_MONTH_SECONDS: u32 = 2_592_000;
const TOKENS: i64 = 10_000;

/// An API whose tokens live for a month, for two partners.
async fn furnish(server: &TestServer) {
    let api = NewApi {
        lifetime: A_MONTH_SECONDS,
        ..NewApi::named(MONTHLY)
    };
    server.registrar.add_api(api).await.unwrap();
    let grant = NewGrant {
        client_id: CLIENT.to_owned(),
        audience: MONTHLY.to_owned(),
        scope: None,
    };
    server.registrar.add_grant(grant).await.unwrap();
    server.add_client("neighbour", MONTHLY, Some("")).await;
    server.until_granted(MONTHLY).await;
}

/// A token, without the cost of HTTP.
async fn token_of(server: &TestServer, client: &str) -> String {
    let request = TokenRequest {
        transaction_id: "a-transaction".into(),
        credentials: Credentials::Post {
            id: client.to_owned(),
            secret: SECRET.into(),
        },
        wanted: Wanted {
            grant_type: "client_credentials".to_owned(),
            audience: Some(MONTHLY.to_owned()),
            ..Wanted::default()
        },
        trace: None,
    };
    let issued = server.issuer.issue(request).await.unwrap();
    issued.access_token().to_owned()
}

async fn passes(server: &TestServer, token: &str) -> bool {
    let path = format!("/verify?audience={MONTHLY}");
    server.verify_at(&path, token).await.status == 200
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_with_ten_thousand_tokens_is_cut_off_by_one_call() {
    let server = Setup::new()
        .but(|config| config.ledger.mode = LedgerMode::Async)
        .start()
        .await;
    furnish(&server).await;
    let first = token_of(&server, CLIENT).await;
    for _ in 2..TOKENS {
        token_of(&server, CLIENT).await;
    }
    let last = token_of(&server, CLIENT).await;
    let neighbour = token_of(&server, "neighbour").await;
    let partner = Target::Client(CLIENT.to_owned());
    until("every token to be on record", async || {
        let said = server.revoker().would_meet(&partner, None).await.unwrap();
        (said.0 == TOKENS).then_some(())
    })
    .await;

    let gone = server.revoke(partner).await;
    assert_eq!(server.store.revocation_count().await.unwrap(), 1);
    assert!(!passes(&server, &first).await && !passes(&server, &last).await);
    assert!(
        passes(&server, &neighbour).await,
        "another partner notices nothing"
    );

    let undone = server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    server.until_in_force(&undone).await;
    assert!(passes(&server, &first).await && passes(&server, &last).await);
}
