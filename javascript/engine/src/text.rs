//! Strings of a script as Rust has them.

use rquickjs::{Ctx, Error, FromJs, Result, String as JsString, Value};

/// A string of JavaScript in UTF-8. JavaScript's strings may hold half a surrogate pair, which has no UTF-8: it becomes
/// the replacement character.
pub struct Text(pub String);

impl Text {
    /// # Errors
    /// When QuickJS has no memory left for the copy.
    fn of(string: JsString<'_>) -> Result<Self> {
        let copy = string.to_cstring()?;
        // SAFETY: QuickJS gives that many bytes, and `copy` keeps them until the end of this function. `as_str` would
        // promise that they are UTF-8, which halves of surrogate pairs are not.
        let bytes = unsafe { std::slice::from_raw_parts(copy.as_ptr().cast::<u8>(), copy.len()) };
        Ok(Self(match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => without_surrogates(bytes.to_vec()),
        }))
    }
}

impl<'js> FromJs<'js> for Text {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        match value.into_string() {
            Some(string) => Self::of(string),
            None => Err(Error::new_from_js("value", "string")),
        }
    }
}

/// QuickJS writes half a pair as the three bytes that its number would have.
fn without_surrogates(mut bytes: Vec<u8>) -> String {
    for place in 0..bytes.len().saturating_sub(2) {
        if bytes[place] == 0xed && bytes[place + 1] >= 0xa0 {
            bytes[place..place + 3].copy_from_slice("\u{fffd}".as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use rquickjs::{Context, Runtime};

    use super::Text;

    fn text(script: &str) -> Option<String> {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| ctx.eval::<Text, _>(script).ok().map(|text| text.0))
    }

    #[test]
    fn a_string_keeps_every_character() {
        let kept = text(r"'Zoë \u0000 \ud83d\ude00 €'");
        assert_eq!(kept.as_deref(), Some("Zoë \0 😀 €"));
    }

    #[test]
    fn half_a_surrogate_pair_becomes_one_replacement_character() {
        let replaced = text(r"'é\ud800x\udfff'");
        assert_eq!(replaced.as_deref(), Some("é\u{fffd}x\u{fffd}"));
    }

    #[test]
    fn what_is_no_string_is_refused() {
        assert_eq!(text("17"), None);
        assert_eq!(text("({ toString() { return 'a'; } })"), None);
    }
}
