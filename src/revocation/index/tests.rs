//! What the index says of a token.

use super::*;

fn token() -> Bearing<'static> {
    Bearing {
        jti: "t1",
        client_id: "partner",
        subject: "alice",
        audience: "https://api.example",
        kid: "k1",
        rules: "00112233aabbccdd 8899aabbccddeeff",
        issued_at: 1_000,
        cutoff: 0,
    }
}

fn row(id: i64, kind: &str, value: &str, audience: &str) -> RevocationRow {
    RevocationRow {
        id,
        kind: kind.to_owned(),
        value: value.to_owned(),
        audience: audience.to_owned(),
        issued_before: None,
        expires_at: 5_000,
        reason: None,
        actor: "a test".to_owned(),
        created_at: 1_000,
        undone_at: None,
        undone_by: None,
        is_final: false,
        changed: 1,
    }
}

fn undone(row: RevocationRow) -> RevocationRow {
    RevocationRow {
        undone_at: Some(2_000),
        ..row
    }
}

#[test]
fn a_token_is_met_by_its_jti_for_its_api_its_client_or_whichever() {
    for (audience, is_met) in [
        ("", true),
        ("https://api.example", true),
        ("partner", true),
        ("https://other.example", false),
    ] {
        let revocations = Revocations::default();
        revocations.take_in(&row(1, "token", "t1", audience));
        assert_eq!(revocations.meets(&token()), is_met, "{audience:?}");
        let other = Bearing {
            jti: "t2",
            ..token()
        };
        assert!(!revocations.meets(&other));
    }
}

#[test]
fn each_kind_of_cutoff_meets_what_it_is_about_and_nothing_else() {
    for (kind, value, audience, other) in [
        ("client", "partner", "", "partner2"),
        ("subject", "alice", "", "bob"),
        (
            "audience",
            "https://api.example",
            "",
            "https://api.example/",
        ),
        ("key", "k1", "", "k2"),
        ("rule", "8899aabbccddeeff", "", "8899aabbccddeef0"),
        ("grant", "partner", "https://api.example", "partner2"),
    ] {
        let revocations = Revocations::default();
        revocations.take_in(&row(1, kind, other, audience));
        assert!(!revocations.meets(&token()), "{kind} {other}");
        revocations.take_in(&row(2, kind, value, audience));
        assert!(revocations.meets(&token()), "{kind} {value}");
    }
}

#[test]
fn a_cutoff_spares_what_was_issued_by_somebody_who_knew_it() {
    let revocations = Revocations::default();
    revocations.take_in(&row(7, "client", "partner", ""));
    assert_eq!(revocations.newest_cutoff(), 7);
    for (cutoff, is_met) in [(0, true), (6, true), (7, false), (8, false)] {
        assert_eq!(revocations.meets(&Bearing { cutoff, ..token() }), is_met);
    }
}

#[test]
fn a_cutoff_at_an_earlier_moment_spares_what_was_issued_since() {
    let revocations = Revocations::default();
    revocations.take_in(&RevocationRow {
        issued_before: Some(1_000),
        ..row(1, "client", "partner", "")
    });
    for (issued_at, is_met) in [(999, true), (1_000, false)] {
        let token = Bearing {
            issued_at,
            ..token()
        };
        assert_eq!(revocations.meets(&token), is_met);
    }
}

#[test]
fn what_is_undone_meets_nothing_and_uncovers_what_was_there_before() {
    let revocations = Revocations::default();
    for (id, kind, value) in [
        (1, "client", "partner"),
        (2, "client", "partner"),
        (3, "token", "t1"),
    ] {
        revocations.take_in(&row(id, kind, value, ""));
    }
    revocations.take_in(&undone(row(3, "token", "t1", "")));
    revocations.take_in(&undone(row(2, "client", "partner", "")));
    assert!(revocations.meets(&token()));
    revocations.take_in(&undone(row(1, "client", "partner", "")));
    assert!(!revocations.meets(&token()) && revocations.is_empty());
    assert_eq!(revocations.newest_cutoff(), 2, "numbers do not go back");
}

#[test]
fn taking_the_same_in_twice_changes_nothing() {
    let revocations = Revocations::default();
    for _ in 0..2 {
        revocations.take_in(&row(1, "token", "t1", ""));
        revocations.take_in(&row(2, "client", "partner", ""));
    }
    assert_eq!(revocations.len(), 2);
}

#[test]
fn what_has_expired_is_forgotten() {
    let revocations = Revocations::default();
    revocations.take_in(&row(1, "token", "t1", ""));
    revocations.take_in(&row(2, "client", "partner", ""));
    revocations.forget_before(5_000);
    assert_eq!(revocations.len(), 2);
    revocations.forget_before(5_001);
    assert!(revocations.is_empty());
}

#[test]
fn what_a_newer_version_wrote_is_left_out() {
    let revocations = Revocations::default();
    revocations.take_in(&row(1, "planet", "partner", ""));
    assert!(revocations.is_empty() && !revocations.meets(&token()));
}

#[test]
fn nobody_says_that_a_token_is_good_when_the_store_was_not_read_for_long() {
    let revocations = Revocations::default();
    revocations.note_fresh(Duration::from_secs(10));
    assert!(revocations.check_fresh(Duration::from_secs(15)).is_ok());
    assert!(
        revocations
            .check_fresh(Duration::from_millis(15_001))
            .is_err()
    );
}
