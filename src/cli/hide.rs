//! Keeps tokens out of what is printed when something went wrong: one is easily pasted into the wrong place.

use std::borrow::Cow;

/// A text without the tokens in it: only how long each is.
pub(super) fn without_tokens(text: &str) -> Cow<'_, str> {
    let Some((start, length)) = first_token(text) else {
        return Cow::Borrowed(text);
    };
    let (before, rest) = text.split_at(start);
    let after = without_tokens(&rest[length..]);
    Cow::Owned(format!("{before}(a token, {length} characters){after}"))
}

/// Whether it looks like a JWT, whole or in part: its header is a JSON object in Base64.
pub(super) fn is_like_token(text: &str) -> bool {
    first_token(text).is_some_and(|(start, _)| start == 0)
}

/// Where the first one begins, and how long it is, in bytes, which are characters there.
fn first_token(text: &str) -> Option<(usize, usize)> {
    let is_of_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let length_at = |start: usize| {
        text.as_bytes()[start..]
            .iter()
            .take_while(|byte| is_of_token(byte))
            .count()
    };
    text.match_indices(HEADER_START)
        .map(|(start, _)| (start, length_at(start)))
        .find(|(_, length)| *length >= TOKEN_CHARS_MIN)
}

/// `{"` in Base64.
const HEADER_START: &str = "eyJ";
/// What is shorter gives nothing away.
const TOKEN_CHARS_MIN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_text_is_left_out_and_everything_else_stays() {
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJ4In0.c2lnbmF0dXJl";
        let text = format!("unexpected '{token}' and \"x{token}\", ä");
        assert_eq!(
            without_tokens(&text),
            "unexpected '(a token, 49 characters)' and \"x(a token, 49 characters)\", ä"
        );
        for plain in ["", "eyJ", "eyJhb.short", "nothing of the kind"] {
            assert_eq!(without_tokens(plain), plain);
        }
        assert!(is_like_token(token) && is_like_token(&token[..30]));
        assert!(!is_like_token("b1f4c0de-0000-4000-8000-000000000000"));
    }
}
