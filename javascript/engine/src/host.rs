//! `__host`: what the runtime may ask of the host.
//!
//! Nothing in here may touch an import before the script is loaded, so every function that does begins with
//! [`once_loaded`].

use rquickjs::{Ctx, Exception, Function, IntoJs, Object, Result, TypedArray, Value};

use crate::rulemint::rule::{cache, host, secrets};
use crate::text::Text;
use crate::{engine, http, phase};

/// Makes the object.
pub fn functions<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set("evaluate", Function::new(ctx.clone(), evaluate)?)?;
    object.set("log", Function::new(ctx.clone(), log)?)?;
    object.set("uuidV4", Function::new(ctx.clone(), uuid_v4)?)?;
    object.set("uuidV7", Function::new(ctx.clone(), uuid_v7)?)?;
    object.set("randomBytes", Function::new(ctx.clone(), random_bytes)?)?;
    object.set("now", Function::new(ctx.clone(), now)?)?;
    object.set("cacheGet", Function::new(ctx.clone(), cache_get)?)?;
    object.set("cacheSet", Function::new(ctx.clone(), cache_set)?)?;
    object.set("cacheDelete", Function::new(ctx.clone(), cache_delete)?)?;
    object.set("secret", Function::new(ctx.clone(), secret)?)?;
    object.set("http", Function::new(ctx.clone(), send)?)?;
    Ok(object)
}

/// Evaluates a source under the name of its file, which JavaScript's own `eval` cannot: errors then name the file.
fn evaluate<'js>(ctx: Ctx<'js>, source: Text, file: Text) -> Result<Value<'js>> {
    engine::evaluate(&ctx, &file.0, source.0)
}

fn log(ctx: Ctx<'_>, level: Text, message: Text) -> Result<()> {
    once_loaded(&ctx, "the log")?;
    let level = match level.0.as_str() {
        "debug" => host::Level::Debug,
        "info" => host::Level::Info,
        "warn" => host::Level::Warn,
        "error" => host::Level::Error,
        other => {
            let text = format!("{other:?} is no log level: use debug, info, warn or error");
            return Err(Exception::throw_range(&ctx, &text));
        }
    };
    host::log(level, &message.0);
    Ok(())
}

fn uuid_v4(ctx: Ctx<'_>) -> Result<String> {
    once_loaded(&ctx, "random UUIDs")?;
    Ok(host::uuid_v4())
}

fn uuid_v7(ctx: Ctx<'_>) -> Result<String> {
    once_loaded(&ctx, "random UUIDs")?;
    Ok(host::uuid_v7())
}

/// The host ends the call where the length is not one of these, so it is looked at here: a script can catch an error.
fn random_bytes(ctx: Ctx<'_>, length: f64) -> Result<TypedArray<'_, u8>> {
    once_loaded(&ctx, "random bytes")?;
    if !(1.0..=RANDOM_BYTES_MAX).contains(&length) || length.fract() != 0.0 {
        let text = format!("{length} random bytes cannot be had: ask for 1 to {RANDOM_BYTES_MAX}");
        return Err(Exception::throw_range(&ctx, &text));
    }
    TypedArray::new(ctx, host::random_bytes(length as u32))
}

/// Milliseconds since 1970.
fn now(ctx: Ctx<'_>) -> Result<f64> {
    once_loaded(&ctx, "the clock")?;
    Ok(host::now() as f64)
}

fn cache_get(ctx: Ctx<'_>, key: Text) -> Result<OrNull> {
    once_loaded(&ctx, "the cache")?;
    Ok(OrNull(cache::get(&key.0)))
}

/// Gives what was wrong, or null.
fn cache_set(ctx: Ctx<'_>, key: Text, value: Text, ttl_seconds: f64) -> Result<OrNull> {
    once_loaded(&ctx, "the cache")?;
    if !(1.0..=f64::from(u32::MAX)).contains(&ttl_seconds) {
        let text = format!(
            "{ttl_seconds} seconds is no lifetime: give 1 to {}",
            u32::MAX
        );
        return Ok(OrNull(Some(text)));
    }
    Ok(OrNull(
        cache::set(&key.0, &value.0, ttl_seconds as u32).err(),
    ))
}

fn cache_delete(ctx: Ctx<'_>, key: Text) -> Result<()> {
    once_loaded(&ctx, "the cache")?;
    cache::delete(&key.0);
    Ok(())
}

fn secret(ctx: Ctx<'_>, name: Text) -> Result<OrNull> {
    once_loaded(&ctx, "secrets")?;
    Ok(OrNull(secrets::get(&name.0)))
}

fn send<'js>(ctx: Ctx<'js>, request: Object<'js>) -> Result<Object<'js>> {
    once_loaded(&ctx, "HTTP requests")?;
    http::send(&ctx, &request)
}

/// A string, or null: `undefined` would be what a forgotten `return` gives.
struct OrNull(Option<String>);

impl<'js> IntoJs<'js> for OrNull {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        match self.0 {
            Some(text) => text.into_js(ctx),
            None => Ok(Value::new_null(ctx.clone())),
        }
    }
}

fn once_loaded(ctx: &Ctx<'_>, what: &str) -> Result<()> {
    if phase::serving() {
        return Ok(());
    }
    let text =
        format!("{what} cannot be used while the script is loaded; call it inside the function");
    Err(Exception::throw_message(ctx, &text))
}

const RANDOM_BYTES_MAX: f64 = 65_536.0;

#[cfg(test)]
mod tests {
    use rquickjs::{CatchResultExt, Context, Runtime, Value};

    use super::functions;

    fn run(script: &str) -> String {
        let runtime = Runtime::new().unwrap();
        let context = Context::full(&runtime).unwrap();
        context.with(|ctx| {
            ctx.globals().set("host", functions(&ctx).unwrap()).unwrap();
            match ctx.eval::<Value, _>(script).catch(&ctx) {
                Ok(value) => format!("{:?}", value.as_string().map(|text| text.to_string())),
                Err(error) => error.to_string(),
            }
        })
    }

    #[test]
    fn nothing_of_the_host_can_be_used_while_the_script_is_loaded() {
        for (call, what) in [
            ("log('info', 'a')", "the log"),
            ("uuidV4()", "random UUIDs"),
            ("uuidV7()", "random UUIDs"),
            ("randomBytes(1)", "random bytes"),
            ("now()", "the clock"),
            ("cacheGet('a')", "the cache"),
            ("cacheSet('a', 'b', 1)", "the cache"),
            ("cacheDelete('a')", "the cache"),
            ("secret('a')", "secrets"),
            (
                "http({ method: 'GET', url: 'https://a.example/', headers: [], body: null })",
                "HTTP requests",
            ),
        ] {
            let said = run(&format!("host.{call}"));
            let refusal = format!("{what} cannot be used while the script is loaded");
            assert!(said.contains(&refusal), "{call}: {said}");
        }
    }

    #[test]
    fn a_source_is_evaluated_under_its_file_name() {
        let said = run("host.evaluate('\\nthrow new Error(1)', '10-a.js')");
        assert!(said.contains("10-a.js:2:"), "{said}");
    }

    #[test]
    fn an_evaluated_source_is_sloppy_unless_it_says_otherwise() {
        assert_eq!(
            run("host.evaluate('(function () { return typeof this })()', 'a.js')"),
            "Some(Ok(\"object\"))"
        );
        assert_eq!(
            run("host.evaluate('(function () { \"use strict\"; return typeof this })()', 'a.js')"),
            "Some(Ok(\"undefined\"))"
        );
    }
}
