//! Which claims a rule may write. A refusal is an error with a reason, never a silent drop.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::claims::reserved::{NAME_BYTES_MAX, NEVER, UNLESS_LISTED, is_name, is_one_of};
use crate::document::Mistake;

/// Which claims a rule may write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimsAllowed {
    /// Names, or beginnings of names with a `*` behind. Where the list is missing, any but the host's. A name in full
    /// also lifts the protection of `sub`, `azp`, `act`, `may_act`, `status`, `events`, `gty` and the JOSE header
    /// names; nothing lifts it of `iss`, `aud`, `exp`, `iat`, `nbf`, `cnf`, `client_id`, `scope`, `scp` and `__proto__`.
    pub allow: Option<Vec<String>>,
}

/// Checks that a rule may set or remove a claim.
///
/// # Errors
/// Why it may not.
pub(super) fn check(name: &str, allowed: &ClaimsAllowed) -> Result<(), String> {
    if !is_name(name) {
        return Err(format!(
            "{name:?} is no claim name: use 1 to {NAME_BYTES_MAX} visible ASCII characters"
        ));
    }
    if is_one_of(name, NEVER) {
        return Err(format!(
            "claim {name:?} belongs to the host, and nothing changes that"
        ));
    }
    let listed = allowed.allow.as_deref();
    if is_one_of(name, UNLESS_LISTED) && !listed.is_some_and(|list| lists_in_full(list, name)) {
        return Err(format!(
            "claim {name:?} belongs to the host; the manifest can lift that with \
             claims.allow = [{name:?}]"
        ));
    }
    match listed {
        Some(list) if !list.iter().any(|entry| admits(entry, name)) => Err(format!(
            "claim {name:?} is not in the manifest's claims.allow"
        )),
        _ => Ok(()),
    }
}

/// What is wrong with a manifest's `claims.allow`: entries that admit nothing. `place` is the file.
pub(super) fn mistakes(allowed: &ClaimsAllowed, place: &str) -> Vec<Mistake> {
    let listed = allowed.allow.iter().flatten().enumerate();
    let wrong = listed.filter_map(|(index, entry)| {
        Some(Mistake {
            place: format!("{place}: claims.allow[{index}]"),
            problem: problem_with(entry)?,
        })
    });
    wrong.collect()
}

fn problem_with(entry: &str) -> Option<String> {
    let beginning = entry.strip_suffix('*').unwrap_or(entry);
    if is_one_of(entry, NEVER) {
        return Some(format!(
            "claim {entry:?} belongs to the host, and nothing lifts that: leave it out"
        ));
    }
    if beginning.contains('*') {
        return Some(format!(
            "a * stands only at the end, for whatever follows; {entry:?} has one before"
        ));
    }
    (entry != "*" && !is_name(beginning)).then(|| {
        format!("{entry:?} is no claim name: use 1 to {NAME_BYTES_MAX} visible ASCII characters")
    })
}

/// A `*` never lifts a protection: that takes the name itself.
fn lists_in_full(list: &[String], name: &str) -> bool {
    list.iter().any(|entry| entry == name)
}

fn admits(entry: &str, name: &str) -> bool {
    match entry.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => entry == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(names: &[&str]) -> ClaimsAllowed {
        ClaimsAllowed {
            allow: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    #[test]
    fn ordinary_claims_are_free_where_no_list_says_otherwise() {
        for name in ["jti", "tier", "https://acme.example/tier", "roles"] {
            check(name, &ClaimsAllowed::default()).unwrap();
        }
    }

    #[test]
    fn the_hosts_claims_are_refused_in_any_spelling() {
        for name in [
            "iss",
            "Sub",
            "AUD",
            "exp",
            "client_id",
            "scope",
            "kid",
            "X5T#S256",
        ] {
            assert!(check(name, &ClaimsAllowed::default()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_list_admits_what_it_names_and_nothing_else() {
        let allowed = allowing(&["jti", "https://acme.example/*"]);
        check("jti", &allowed).unwrap();
        check("https://acme.example/tier", &allowed).unwrap();
        assert!(check("tier", &allowed).is_err());
    }

    #[test]
    fn only_a_name_in_full_lifts_a_protection_and_never_that_of_what_a_token_means() {
        check("sub", &allowing(&["sub"])).unwrap();
        assert!(check("sub", &allowing(&["*"])).is_err());
        assert!(check("iss", &allowing(&["iss"])).is_err());
        assert!(check("scope", &allowing(&["scope"])).is_err());
    }

    #[test]
    fn entries_of_a_list_that_admit_nothing_are_mistakes() {
        let told = |entry: &str| {
            let mistakes = mistakes(&allowing(&["tier", entry]), "10-rule.toml");
            mistakes.iter().map(ToString::to_string).collect::<String>()
        };
        for (entry, words) in [
            (
                "iss",
                "10-rule.toml: claims.allow[1]: claim \"iss\" belongs to the host, and nothing lifts that",
            ),
            ("Client_ID", "nothing lifts that"),
            ("a*b", "a * stands only at the end"),
            ("a**", "a * stands only at the end"),
            ("", "is no claim name"),
            ("a b", "is no claim name"),
        ] {
            assert!(told(entry).contains(words), "{entry}: {}", told(entry));
        }
        for good in ["*", "sub", "https://acme.example/*", "i*"] {
            assert_eq!(told(good), "", "{good}");
        }
    }

    #[test]
    fn names_that_readers_could_mistake_are_refused() {
        for name in ["", "sub\u{0}", "\u{455}ub", "a b", "__proto__"] {
            assert!(check(name, &ClaimsAllowed::default()).is_err(), "{name:?}");
        }
    }
}
