//! HTTP requests between JavaScript's form and the host's.

use rquickjs::{Array, Ctx, Error, Exception, Object, Result, TypedArray, Value};

use crate::rulemint::rule::http::{self, Outgoing};
use crate::text::Text;

/// Sends `{ method, url, headers: [[name, value], ...], body }` and gives `{ status, headers, body }`. A body is a
/// Uint8Array, or null where there is none.
///
/// # Errors
/// An exception with what the host says, where no answer came.
pub fn send<'js>(ctx: &Ctx<'js>, request: &Object<'js>) -> Result<Object<'js>> {
    let outgoing = Outgoing {
        method: request.get::<_, Text>("method")?.0,
        url: request.get::<_, Text>("url")?.0,
        headers: headers(&request.get("headers")?)?,
        body: body(request.get("body")?)?,
    };
    match http::send(&outgoing) {
        Ok(incoming) => answer(ctx, incoming),
        Err(text) => Err(Exception::throw_message(ctx, &text)),
    }
}

fn headers(list: &Array<'_>) -> Result<Vec<(String, String)>> {
    let pair = |pair: Array<'_>| Ok((pair.get::<Text>(0)?.0, pair.get::<Text>(1)?.0));
    (0..list.len())
        .map(|place| pair(list.get(place)?))
        .collect()
}

fn body(value: Value<'_>) -> Result<Vec<u8>> {
    if value.is_null() || value.is_undefined() {
        return Ok(Vec::new());
    }
    let array: TypedArray<u8> = value.get()?;
    // SAFETY: the bytes are copied before any JavaScript runs again.
    match unsafe { array.as_bytes() } {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(Error::new_from_js("detached buffer", "bytes")),
    }
}

fn answer<'js>(ctx: &Ctx<'js>, incoming: http::Incoming) -> Result<Object<'js>> {
    let headers = Array::new(ctx.clone())?;
    for (place, (name, value)) in incoming.headers.into_iter().enumerate() {
        let pair = Array::new(ctx.clone())?;
        pair.set(0, name)?;
        pair.set(1, value)?;
        headers.set(place, pair)?;
    }
    let object = Object::new(ctx.clone())?;
    object.set("status", incoming.status)?;
    object.set("headers", headers)?;
    object.set("body", TypedArray::new(ctx.clone(), incoming.body)?)?;
    Ok(object)
}
