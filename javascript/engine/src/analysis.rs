//! Asks the analyser, which is JavaScript itself, about a script that is not run.

use rquickjs::{Ctx, Function, Result};

use crate::engine::{evaluate, sandbox};
use crate::mistake;
use crate::text::Text;

/// What the analyser says about a script, as JSON. It works in a context of its own, without any host function.
///
/// # Errors
/// When the analyser fails; the text is its message.
pub fn analyse(analyser: String, file: &str, source: &str) -> std::result::Result<String, String> {
    let (_runtime, context) = sandbox()?;
    context.with(|ctx| match answer(&ctx, analyser, file, source) {
        Ok(json) => Ok(json),
        Err(error) => Err(mistake::told(&ctx, error, ANALYSER)),
    })
}

fn answer(ctx: &Ctx<'_>, analyser: String, file: &str, source: &str) -> Result<String> {
    evaluate(ctx, ANALYSER, analyser)?;
    let analyse: Function = ctx.globals().get("__analyse")?;
    Ok(analyse.call::<_, Text>((source, file))?.0)
}

const ANALYSER: &str = "rulemint:analyser";

#[cfg(test)]
mod tests {
    use super::analyse;

    fn analysis(analyser: &str) -> Result<String, String> {
        analyse(analyser.to_owned(), "10-a.js", "source \u{1f600}")
    }

    #[test]
    fn the_analyser_sees_source_and_file() {
        let json =
            analysis("globalThis.__analyse = (source, file) => JSON.stringify([source, file])");
        assert_eq!(json.unwrap(), "[\"source \u{1f600}\",\"10-a.js\"]");
    }

    #[test]
    fn what_the_analyser_throws_is_the_error() {
        let refusal =
            analysis("globalThis.__analyse = () => { throw new RangeError('too long'); }");
        assert!(refusal.unwrap_err().starts_with("RangeError: too long"));
    }

    #[test]
    fn an_analyser_without_its_function_is_an_error() {
        assert!(analysis("1").is_err());
    }

    #[test]
    fn the_analyser_has_no_host_functions() {
        let json = analysis("globalThis.__analyse = () => typeof __host");
        assert_eq!(json.unwrap(), "undefined");
    }
}
