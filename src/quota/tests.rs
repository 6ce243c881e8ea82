//! What is counted, what is given back, and what is told of it.

use std::thread;

use serde_json::json;

use super::*;

/// One minute past noon, on some day.
const NOON: u64 = 20_000 * 86_400 + 12 * 3_600 + 60;

fn quota(limits: Value) -> Quota {
    Quota::new(serde_json::from_value(limits).unwrap()).unwrap()
}

fn client() -> Arc<str> {
    "c1".into()
}

/// Issues a token, and says how the client stands.
fn issued(quota: &Quota, now: u64) -> String {
    let charge = quota.charge(&client(), now).unwrap();
    charge.settle().to_string()
}

fn refused(quota: &Quota, now: u64) -> (String, u64) {
    let exceeded = quota.charge(&client(), now).unwrap_err();
    let seconds = exceeded.retry_after().as_secs();
    (exceeded.standing().to_string(), seconds)
}

#[test]
fn the_limit_that_is_reached_says_when_to_come_back() {
    let quota = quota(json!({ "per_hour": 2, "per_day": 3 }));
    let told = issued(&quota, NOON);
    assert_eq!(told, "b=per_hour;q=2;r=1;t=3540,b=per_day;q=3;r=2;t=43140");
    issued(&quota, NOON);
    let (told, wait) = refused(&quota, NOON + 40);
    assert_eq!(told, "b=per_hour;q=2;r=0;t=3500,b=per_day;q=3;r=1;t=43100");
    assert_eq!(wait, 3_500);
    issued(&quota, NOON + 3_600);
    let (told, wait) = refused(&quota, NOON + 3_600);
    assert_eq!(told, "b=per_hour;q=2;r=1;t=3540,b=per_day;q=3;r=0;t=39540");
    assert_eq!(wait, 39_540);
    issued(&quota, NOON + 86_400);
}

#[test]
fn a_limit_that_is_not_named_is_not_told_of() {
    let told = issued(&quota(json!({ "per_day": 5 })), NOON);
    assert_eq!(told, "b=per_day;q=5;r=4;t=43140");
}

#[test]
fn what_is_not_issued_is_given_back() {
    let quota = quota(json!({ "per_hour": 1, "per_day": 5 }));
    for _ in 0..3 {
        drop(quota.charge(&client(), NOON).unwrap());
    }
    let told = issued(&quota, NOON);
    assert_eq!(told, "b=per_hour;q=1;r=0;t=3540,b=per_day;q=5;r=4;t=43140");
}

#[test]
fn what_was_counted_in_another_hour_is_not_given_back_to_this_one() {
    let quota = quota(json!({ "per_hour": 2 }));
    let late = quota.charge(&client(), NOON).unwrap();
    issued(&quota, NOON + 3_600);
    drop(late);
    assert_eq!(issued(&quota, NOON + 3_600), "b=per_hour;q=2;r=0;t=3540");
}

#[test]
fn a_request_from_before_the_hour_does_not_take_the_count_back() {
    let quota = quota(json!({ "per_hour": 2 }));
    let hour = NOON + 3_540;
    issued(&quota, hour);
    assert_eq!(issued(&quota, hour - 1), "b=per_hour;q=2;r=0;t=3601");
    refused(&quota, hour);
}

#[test]
fn a_clock_that_was_far_ahead_locks_nobody_out() {
    let quota = quota(json!({ "per_hour": 1 }));
    issued(&quota, NOON + 10 * 86_400);
    issued(&quota, NOON);
    refused(&quota, NOON);
}

#[test]
fn without_enforcement_tokens_are_counted_past_the_limit() {
    let quota = quota(json!({ "enforce": false, "per_hour": 1 }));
    for _ in 0..3 {
        assert_eq!(issued(&quota, NOON), "b=per_hour;q=1;r=0;t=3540");
    }
}

#[test]
fn many_at_once_get_what_there_is_and_no_more() {
    let quota = quota(json!({ "per_hour": 1_000 }));
    let ask = || {
        (0..500).filter(|_| {
            quota.charge(&client(), NOON).is_ok_and(|one| {
                one.settle();
                true
            })
        })
    };
    let issued: usize = thread::scope(|scope| {
        let askers: Vec<_> = (0..4).map(|_| scope.spawn(|| ask().count())).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).sum()
    });
    assert_eq!(issued, 1_000);
}
