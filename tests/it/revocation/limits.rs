//! What cannot be revoked, and when there is no room.

use rulemint::revocation::{NewRevocation, RevocationError, Revoker, Target};

use crate::harness::{CLIENT, Setup, TestServer, a_test, revocation};

async fn refusal(server: &TestServer, new: NewRevocation) -> String {
    let refused = server.revoker().revoke(new).await;
    let problem = refused.err().unwrap();
    assert!(matches!(problem, RevocationError::Invalid(_)), "{problem}");
    problem.to_string()
}

fn of_client() -> NewRevocation {
    revocation(Target::Client(CLIENT.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_does_not_lie_ahead() {
    let server = Setup::new().start().await;
    let ahead = NewRevocation {
        issued_before: Some(i64::MAX),
        ..of_client()
    };
    assert!(
        refusal(&server, ahead)
            .await
            .contains("delete the client's grant")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_must_be_named_rightly() {
    let server = Setup::new().start().await;
    for target in [
        Target::Client(String::new()),
        Target::Subject("x".repeat(601)),
        Target::Audience("a\nb".to_owned()),
        Target::Rule("0123".to_owned()),
        Target::Rule("g".repeat(64)),
    ] {
        refusal(&server, revocation(target)).await;
    }
    let reason = Some("x".repeat(501));
    let long = NewRevocation {
        reason,
        ..of_client()
    };
    assert!(refusal(&server, long).await.contains("reason"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_nobody_knows_is_no_target() {
    let server = Setup::new().start().await;
    let refused = server.revoker().target_of_grant("cgr_nothing").await;
    let text = refused.err().unwrap().to_string();
    let told = "there is no grant \"cgr_nothing\"";
    assert!(text.starts_with(told) && text.contains("client"), "{text}");
    let refused = server
        .revoker()
        .delete_grant("cgr_nothing", None, &a_test())
        .await;
    assert_eq!(refused.err().unwrap().to_string(), told);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_force_cannot_be_undone() {
    let server = Setup::new().start().await;
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    for id in [gone.row.id, 4_711] {
        let problem = server.revoker().undo(id, &a_test()).await.err().unwrap();
        assert!(
            matches!(problem, RevocationError::NotFound { .. }),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_list_refuses_one_more_and_says_what_to_do() {
    let server = Setup::new().start().await;
    let revoker = Revoker::new(server.store.clone(), server.clock.clone(), 2);
    for client in ["a", "b"] {
        let new = revocation(Target::Client(client.to_owned()));
        revoker.revoke(new).await.unwrap();
    }
    let problem = revoker.revoke(of_client()).await.err().unwrap();
    assert!(
        matches!(problem, RevocationError::Full { count: 2, max: 2 }),
        "{problem}"
    );
    assert!(
        problem.to_string().contains("cut off a whole client"),
        "{problem}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_cutoffs_are_about_one_thing() {
    let server = Setup::new().start().await;
    for _ in 0..64 {
        server.revoker().revoke(of_client()).await.unwrap();
    }
    let problem = server.revoker().revoke(of_client()).await.err().unwrap();
    assert!(
        matches!(problem, RevocationError::TooManyCutoffs { max: 64 }),
        "{problem}"
    );
}
