//! The runtime's answer, an array, as the changes and failures that `wit/rule.wit` knows.
//!
//! A script shares its sandbox with the runtime and can break it. So nothing here trusts the array: what has not the
//! agreed form is a fault of the rule.

use rquickjs::{Array, Value};

use crate::rulemint::rule::types::{Change, Claim, Denial, Failure};
use crate::text::Text;

/// What an answer asks for.
///
/// # Errors
/// The failure that the answer is, or an internal one when it has not the agreed form.
pub fn read(answer: Value<'_>) -> Result<Vec<Change>, Failure> {
    let Some(answer) = answer.into_array() else {
        return Err(malformed());
    };
    match text(&answer, 0)?.as_str() {
        "changes" => changes(&answer.get::<Array>(1).map_err(|_| malformed())?),
        "denied" => Err(Failure::Denied(Denial {
            code: text(&answer, 1)?,
            description: text(&answer, 2)?,
        })),
        "invalid" => Err(Failure::Invalid(text(&answer, 1)?)),
        "internal" => Err(Failure::Internal(text(&answer, 1)?)),
        _ => Err(malformed()),
    }
}

fn changes(list: &Array<'_>) -> Result<Vec<Change>, Failure> {
    (0..list.len())
        .map(|place| change(&list.get::<Array>(place).map_err(|_| malformed())?))
        .collect()
}

fn change(parts: &Array<'_>) -> Result<Change, Failure> {
    Ok(match text(parts, 0)?.as_str() {
        "set-claim" => Change::SetClaim(Claim {
            name: text(parts, 1)?,
            value: text(parts, 2)?,
        }),
        "remove-claim" => Change::RemoveClaim(text(parts, 1)?),
        "remove-scope" => Change::RemoveScope(text(parts, 1)?),
        "shorten-lifetime" => Change::ShortenLifetime(seconds(parts, 1)?),
        _ => return Err(malformed()),
    })
}

fn text(parts: &Array<'_>, place: usize) -> Result<String, Failure> {
    match parts.get::<Text>(place) {
        Ok(text) => Ok(text.0),
        Err(_) => Err(malformed()),
    }
}

fn seconds(parts: &Array<'_>, place: usize) -> Result<u32, Failure> {
    let number = parts.get::<f64>(place).map_err(|_| malformed())?;
    let whole = number as u32;
    if f64::from(whole) == number {
        Ok(whole)
    } else {
        Err(malformed())
    }
}

fn malformed() -> Failure {
    Failure::Internal(MALFORMED.to_owned())
}

const MALFORMED: &str = "the script left the runtime unable to answer: it gave no list of changes and no failure. \
     Something in the script overwrites what the runtime works with, such as a prototype; take that out";

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime, Value};

    use super::read;
    use crate::rulemint::rule::types::{Change, Failure};

    fn answer(script: &str) -> Result<Vec<Change>, Failure> {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| read(ctx.eval::<Value, _>(script).unwrap()))
    }

    #[test]
    fn every_kind_of_change_is_read_in_order() {
        let changes = answer(
            "['changes', [['set-claim', 'jti', '\"a\"'], ['remove-claim', 'b'],
              ['remove-scope', 'c'], ['shorten-lifetime', 60]]]",
        )
        .unwrap();
        let [
            Change::SetClaim(claim),
            Change::RemoveClaim(name),
            Change::RemoveScope(scope),
            Change::ShortenLifetime(60),
        ] = &changes[..]
        else {
            panic!("{changes:?}");
        };
        assert_eq!(
            (claim.name.as_str(), claim.value.as_str()),
            ("jti", "\"a\"")
        );
        assert_eq!((name.as_str(), scope.as_str()), ("b", "c"));
    }

    #[test]
    fn no_change_is_an_answer() {
        assert!(answer("['changes', []]").unwrap().is_empty());
    }

    #[test]
    fn a_denial_has_its_code_and_its_description() {
        let Err(Failure::Denied(denial)) = answer("['denied', 'access_denied', 'not you']") else {
            panic!("it is a denial");
        };
        assert_eq!(denial.code, "access_denied");
        assert_eq!(denial.description, "not you");
    }

    #[test]
    fn other_failures_have_their_text() {
        let invalid = answer("['invalid', 'a']");
        assert!(
            matches!(&invalid, Err(Failure::Invalid(text)) if text == "a"),
            "{invalid:?}"
        );
        let internal = answer("['internal', 'b']");
        assert!(
            matches!(&internal, Err(Failure::Internal(text)) if text == "b"),
            "{internal:?}"
        );
    }

    #[test]
    fn anything_else_is_a_fault_of_the_script() {
        for odd in [
            "undefined",
            "'changes'",
            "[]",
            "['granted']",
            "[1]",
            "['changes']",
            "['changes', 'jti']",
            "['changes', [1]]",
            "['changes', [['set-claim', 'a']]]",
            "['changes', [['set-claim', 'a', 1]]]",
            "['changes', [['set-scope', 'a']]]",
            "['changes', [['shorten-lifetime', 1.5]]]",
            "['changes', [['shorten-lifetime', -1]]]",
            "['changes', [['shorten-lifetime', 4294967296]]]",
            "['changes', [['shorten-lifetime', NaN]]]",
            "['denied', 'access_denied']",
            "['invalid']",
            "new Proxy(['changes', []], { get() { throw 1; } })",
        ] {
            let read = answer(odd);
            let Err(Failure::Internal(text)) = &read else {
                panic!("{odd}: {read:?}");
            };
            assert!(
                text.starts_with("the script left the runtime unable to answer"),
                "{text}"
            );
        }
    }
}
