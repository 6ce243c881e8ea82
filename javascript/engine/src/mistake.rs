//! What went wrong in a script, told to its author: the message, and where in the script it was.

use rquickjs::{CaughtError, Ctx, Error, Exception, FromJs, Value};

use crate::text::Text;

/// The text of an error that came out of JavaScript. Stack lines that do not name `file` are left out: they are the
/// runtime's, and an author can do nothing about them.
pub fn told(ctx: &Ctx<'_>, error: Error, file: &str) -> String {
    match CaughtError::from_error(ctx, error) {
        CaughtError::Exception(exception) => exception_told(ctx, &exception, file),
        CaughtError::Value(value) => {
            format!("it threw {}, which is no Error", value_told(ctx, value))
        }
        CaughtError::Error(error) => error.to_string(),
    }
}

/// The text of what a promise was rejected with.
pub fn reason_told<'js>(ctx: &Ctx<'js>, reason: Value<'js>, file: &str) -> String {
    match reason
        .clone()
        .into_object()
        .and_then(Exception::from_object)
    {
        Some(exception) => exception_told(ctx, &exception, file),
        None => value_told(ctx, reason),
    }
}

fn exception_told(ctx: &Ctx<'_>, exception: &Exception<'_>, file: &str) -> String {
    let message = property(ctx, exception, "message").unwrap_or_default();
    let mut told = match property(ctx, exception, "name") {
        Some(name) if name != "Error" => format!("{name}: {message}"),
        _ => message,
    };
    for line in property(ctx, exception, "stack")
        .unwrap_or_default()
        .lines()
    {
        if line.contains(file) {
            told.push('\n');
            told.push_str(line);
        }
    }
    told
}

/// Reading may run a getter of the script, which may throw.
fn property(ctx: &Ctx<'_>, exception: &Exception<'_>, name: &str) -> Option<String> {
    let read = exception.as_object().get::<_, Text>(name);
    cleared(ctx, read).map(|text| text.0)
}

fn value_told<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> String {
    let kind = value.type_name();
    if let Ok(text) = Text::from_js(ctx, value.clone()) {
        return format!("the string {:?}", text.0);
    }
    match cleared(ctx, ctx.json_stringify(value)).flatten() {
        Some(json) => match Text::from_js(ctx, json.into_value()) {
            Ok(text) => text.0,
            Err(_) => kind.to_owned(),
        },
        None => kind.to_owned(),
    }
}

/// An exception that nobody takes would come up in the next call.
fn cleared<T>(ctx: &Ctx<'_>, result: rquickjs::Result<T>) -> Option<T> {
    if let Err(Error::Exception) = result {
        ctx.catch();
    }
    result.ok()
}

#[cfg(test)]
mod tests {
    use rquickjs::context::EvalOptions;
    use rquickjs::{Context, Runtime, Value};

    use super::told;

    fn mistake(script: &str) -> String {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| {
            let mut options = EvalOptions::default();
            options.filename = Some("10-partner.js".to_owned());
            let error = ctx
                .eval_with_options::<Value, _>(script, options)
                .unwrap_err();
            let text = told(&ctx, error, "10-partner.js");
            assert!(!ctx.has_exception(), "an exception was left behind");
            text
        })
    }

    #[test]
    fn an_error_is_told_with_its_place_in_the_script() {
        let text = mistake("\nfunction f() {\n  return missing;\n}\nf();");
        assert!(
            text.starts_with("ReferenceError: missing is not defined\n"),
            "{text}"
        );
        assert!(text.contains("at f (10-partner.js:3:"), "{text}");
    }

    #[test]
    fn a_syntax_error_is_told_with_its_place() {
        let text = mistake("let a =\n  ;");
        assert!(text.starts_with("SyntaxError: "), "{text}");
        assert!(text.contains("10-partner.js:2:"), "{text}");
    }

    #[test]
    fn stack_lines_of_other_files_are_left_out() {
        let text = mistake("[1].map(() => { throw new TypeError('no'); })");
        assert!(text.starts_with("TypeError: no\n"), "{text}");
        assert!(!text.contains("native"), "{text}");
    }

    #[test]
    fn a_plain_error_is_its_message_alone() {
        let text = mistake("const e = new Error('10-a.js:3: say so'); e.stack = ''; throw e;");
        assert_eq!(text, "10-a.js:3: say so");
    }

    #[test]
    fn what_is_thrown_and_no_error_is_shown() {
        assert_eq!(
            mistake("throw 'a\\nb'"),
            r#"it threw the string "a\nb", which is no Error"#
        );
        assert_eq!(
            mistake("throw { a: 1 }"),
            r#"it threw {"a":1}, which is no Error"#
        );
        assert_eq!(
            mistake("throw undefined"),
            "it threw undefined, which is no Error"
        );
    }

    #[test]
    fn an_error_whose_message_cannot_be_read_is_told_all_the_same() {
        let text = mistake(
            "throw Object.defineProperty(new RangeError('a'), 'message', { get() { throw 1; } })",
        );
        assert!(text.starts_with("RangeError: "), "{text}");
    }
}
