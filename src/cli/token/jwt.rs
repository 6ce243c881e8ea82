//! A token as text: where it comes from, and what stands in it.

use std::io::{Read, stdin};

use anstream::println;
use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::Context;
use super::super::exit::Refused;
use super::super::output::{DIM, moment};

/// The token that was given, or that of standard input.
pub(in crate::cli) fn read_token(given: Option<&str>) -> anyhow::Result<String> {
    let text = match given {
        Some(token) if token != "-" => token.to_owned(),
        _ => {
            let mut text = String::new();
            stdin()
                .read_to_string(&mut text)
                .context("read the token")?;
            text
        }
    };
    Ok(text.trim().to_owned())
}

/// Header and claims of a token, unchecked: only to look at.
pub(super) fn decoded_parts(token: &str) -> anyhow::Result<(Value, Value)> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        let text = "this is no JWT: it does not have three parts with dots between them";
        return Err(Refused(text.to_owned()).into());
    };
    let decode = |part: &str| -> anyhow::Result<Value> {
        let refused = |what: &str| Refused(format!("this is no JWT: a part is not {what}"));
        let bytes = URL_SAFE_NO_PAD.decode(part);
        let bytes = bytes.map_err(|_| refused("Base64"))?;
        Ok(serde_json::from_slice(&bytes).map_err(|_| refused("JSON"))?)
    };
    Ok((decode(header)?, decode(claims)?))
}

pub(super) fn print_parts(context: &Context<'_>, header: &Value, claims: &Value) {
    if context.output.is_json() {
        return context
            .output
            .value(&json!({ "header": header, "claims": claims }));
    }
    println!("{DIM}header{DIM:#}");
    context.output.value(header);
    println!("{DIM}claims{DIM:#}");
    context.output.value(claims);
    for (name, said) in [("iat", "issued"), ("exp", "expires")] {
        if let Some(seconds) = claims[name].as_i64() {
            println!("{DIM}{said}{DIM:#} {}", moment(seconds));
        }
    }
}
