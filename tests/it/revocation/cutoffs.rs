//! Everything that was issued before a cut-off is gone, and the first token after it is good.

use rulemint::config::LedgerMode;
use rulemint::revocation::{NewRevocation, Target};
use rulemint::rule::Digest;

use crate::harness::{
    AUDIENCE, CLIENT, Change, Setup, TestServer, a_test, claims, jti_rule, mirror, revocation,
    until,
};

/// Issues around a cut-off, and checks that it parts what was before from what comes after. All of that happens
/// within a second or two: `iat` alone could not tell.
async fn parts(server: &TestServer, target: Target) {
    let before = [server.ask(&[]).await.token(), server.ask(&[]).await.token()];
    for token in &before {
        assert!(server.is_active(token).await);
    }
    server.revoke(target.clone()).await;
    let after = server.ask(&[]).await.token();
    assert!(
        server.is_active(&after).await,
        "{target:?} met a later token"
    );
    for token in &before {
        assert!(!server.is_active(token).await, "{target:?} spared a token");
        assert_eq!(server.verify(token).await.status, 401);
    }
    assert_eq!(server.verify(&after).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_parts_what_was_issued_before_from_what_comes_after() {
    let server = Setup::new().start().await;
    for target in server.targets().await {
        parts(&server, target).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_a_rule_had_its_hands_in_can_be_cut_off() {
    let rule = jti_rule();
    let digest = Digest::of(&rule).to_string();
    let server = Setup::new().with("10-jti.wasm", rule).start().await;
    let token = server.ask(&[]).await.token();
    assert_eq!(claims(&token)["rm_rules"], digest[..16]);
    parts(&server, Target::Rule(digest)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_rule_and_another_partner_notice_nothing() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    server.add_client("partner", AUDIENCE, Some("read")).await;
    let ours = server.ask(&[]).await.token();
    let theirs = server.token_of("partner").await;
    server.revoke(Target::Client("partner".to_owned())).await;
    assert_eq!(server.verify(&theirs).await.status, 401);
    server
        .revoke(Target::Rule(Digest::of(b"another").to_string()))
        .await;
    server
        .revoke(Target::Audience("https://other.example".to_owned()))
        .await;
    assert!(server.is_active(&ours).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_a_clock_that_was_a_day_ahead_does_not_outlive_a_cutoff() {
    let server = Setup::new().start().await;
    server.clock.jump(86_400);
    let token = server.ask(&[]).await.token();
    server.clock.jump(-86_400);
    assert!(server.is_active(&token).await);
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    assert!(!server.is_active(&token).await);
    server.clock.jump(-86_400);
    let after = server.ask(&[]).await.token();
    assert!(
        server.is_active(&after).await,
        "nor does a clock that is behind matter"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_at_an_earlier_moment_spares_what_was_issued_since() {
    let server = Setup::new().start().await;
    let old = server.ask(&[]).await.token();
    server.advance(std::time::Duration::from_secs(60));
    let new = server.ask(&[]).await.token();
    let moment = claims(&new)["iat"].as_i64().unwrap();
    let gone = server
        .revoker()
        .revoke(NewRevocation {
            issued_before: Some(moment),
            ..revocation(Target::Client(CLIENT.to_owned()))
        })
        .await
        .unwrap();
    server.until_in_force(&gone).await;
    assert!(!server.is_active(&old).await && server.is_active(&new).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_that_is_undone_brings_everything_back() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let gone = server.revoke(Target::Client(CLIENT.to_owned())).await;
    assert!(!server.is_active(&token).await);
    let undone = server.revoker().undo(gone.row.id, &a_test()).await.unwrap();
    server.until_in_force(&undone).await;
    assert!(server.is_active(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutoff_outlives_a_restart_and_so_do_the_tokens_after_it() {
    let server = Setup::new().start().await;
    let server = {
        // The issuer follows from the port, and a token is good for one issuer.
        let issuer = server.address.parse().unwrap();
        server
            .stop()
            .await
            .but(|config| config.issuer = Some(issuer))
            .start()
            .await
    };
    let before = server.ask(&[]).await.token();
    server.revoke(Target::Client(CLIENT.to_owned())).await;
    let after = server.ask(&[]).await.token();
    let server = server.stop().await.start().await;
    assert!(!server.is_active(&before).await && server.is_active(&after).await);
    let later = server.ask(&[]).await.token();
    assert!(server.is_active(&later).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_deleted_together_with_what_it_gave() {
    let server = Setup::new().start().await;
    let token = server.ask(&[]).await.token();
    let grant = server.grant().await;
    let gone = server
        .revoker()
        .delete_grant(&grant.id, None, &a_test())
        .await
        .unwrap();
    server.until_in_force(&gone).await;
    assert!(!server.is_active(&token).await);
    server.ask(&[]).await.refused(400, "invalid_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_there_is_no_cutoff_tokens_carry_none() {
    let server = Setup::new().start().await;
    assert!(server.ask(&[]).await.claims().get("rm_cutoff").is_none());
    let gone = server
        .revoke(Target::Client("somebody else".to_owned()))
        .await;
    assert_eq!(server.ask(&[]).await.claims()["rm_cutoff"], gone.row.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_cannot_say_which_cutoffs_its_token_survives() {
    let server = Setup::new().with("10-mirror.wasm", mirror()).start().await;
    for name in ["rm_cutoff", "rm_rules", "RM_Cutoff"] {
        let changes = [Change::Set(name, "99")];
        let fault = server.fault(&[("answer", &Change::spell(&changes))]).await;
        assert!(fault.to_string().contains(name), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_tells_beforehand_how_many_tokens_would_be_met() {
    let server = Setup::new()
        .but(|config| config.ledger.mode = LedgerMode::Sync)
        .start()
        .await;
    let revoker = server.revoker();
    let client = Target::Client(CLIENT.to_owned());
    assert_eq!(revoker.would_meet(&client, None).await.unwrap(), (0, false));
    for _ in 0..3 {
        server.ask(&[]).await.token();
    }
    for target in [
        client.clone(),
        Target::Subject(CLIENT.to_owned()),
        Target::Audience(AUDIENCE.to_owned()),
        Target::Grant {
            client_id: CLIENT.to_owned(),
            audience: AUDIENCE.to_owned(),
        },
    ] {
        let said = revoker.would_meet(&target, None).await.unwrap();
        assert_eq!(said, (3, true), "{target:?}");
    }
    let long_ago = revoker.would_meet(&client, Some(1)).await.unwrap();
    assert_eq!(long_ago, (0, true));
    server.advance(std::time::Duration::from_secs(86_401));
    assert_eq!(revoker.would_meet(&client, None).await.unwrap(), (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_grant_is_still_known_by_what_was_issued_under_it() {
    let server = Setup::new()
        .but(|config| config.ledger.mode = LedgerMode::Sync)
        .start()
        .await;
    let token = server.ask(&[]).await.token();
    let grant = server.grant().await;
    server.registrar.delete_grant(&grant.id).await.unwrap();
    let target = server.revoker().target_of_grant(&grant.id).await.unwrap();
    server.revoke(target).await;
    assert!(!server.is_active(&token).await);
    until("the grant to be gone", async || {
        (server.ask(&[]).await.status == 400).then_some(())
    })
    .await;
}
