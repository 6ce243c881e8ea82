//! A rule's place in the chain, as the name of its file says it: `NN-word`. Rules run in the order of their names.

use std::fmt;

/// What the name of a rule file is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number in front. A name without one runs where the alphabet puts it.
    pub order: Option<u16>,
    /// The rest, which stays when the rule gets another order.
    pub word: String,
}

impl Place {
    /// Reads a name: two digits and a hyphen, or `99.` and four digits for what needs more.
    pub fn of(name: &str) -> Self {
        let large = name.strip_prefix(LARGE).and_then(|rest| numbered(rest, 4));
        match large.or_else(|| numbered(name, 2)) {
            Some((order, word)) => Self {
                order: Some(order),
                word,
            },
            None => Self {
                order: None,
                word: name.to_owned(),
            },
        }
    }

    /// The word that a name for people becomes.
    pub(super) fn word_of(title: &str) -> String {
        let word = title.replace(' ', "-");
        word.chars().take(WORD_CHARS_MAX).collect()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.order {
            None => out.write_str(&self.word),
            Some(order @ 0..=99) => write!(out, "{order:02}-{}", self.word),
            // A dot comes behind a hyphen: these run after all with two digits, and in their own order.
            Some(order) => write!(out, "{LARGE}{order:04}-{}", self.word),
        }
    }
}

/// So many digits, a hyphen, and something.
fn numbered(text: &str, digits: usize) -> Option<(u16, String)> {
    let (number, word) = text.split_at_checked(digits)?;
    let word = word.strip_prefix('-').filter(|word| !word.is_empty())?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| is_number)?, word.to_owned()))
}

/// The largest number that a name can say.
pub const ORDER_MAX: u16 = 9_999;
const LARGE: &str = "99.";
/// A name of a rule has room for 100 characters, a number among them.
const WORD_CHARS_MAX: usize = 85;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_order_and_back() {
        for (name, order, word) in [
            ("10-jti", Some(10), "jti"),
            ("00-a", Some(0), "a"),
            ("99-b-c", Some(99), "b-c"),
            ("99.0100-d", Some(100), "d"),
            ("99.9999-e", Some(9_999), "e"),
            ("jti", None, "jti"),
            ("1-a", None, "1-a"),
            ("100-a", None, "100-a"),
            ("10-", None, "10-"),
        ] {
            let place = Place::of(name);
            assert_eq!((place.order, place.word.as_str()), (order, word), "{name}");
            assert_eq!(place.to_string(), name);
        }
    }

    #[test]
    fn names_sort_as_their_numbers_do() {
        let name = |order: u16| {
            Place {
                order: Some(order),
                word: "zebra".to_owned(),
            }
            .to_string()
        };
        assert!((0..ORDER_MAX).all(|order| name(order) < name(order + 1)));
    }
}
