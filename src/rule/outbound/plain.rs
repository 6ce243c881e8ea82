//! Requests of `rulemint:rule/http`: the same as those of wasi:http once they are here.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response};
use wasmtime_wasi_http::{Error, WasiBody};

use super::header::is_the_hosts;
use crate::rule::bindings::v1::rulemint::rule::http::{Incoming, Outgoing};

/// Makes a request of what a rule wrote. Headers that are the host's own are left out, as wasi:http does.
///
/// # Errors
/// What cannot be sent, in words for the rule's author.
pub(in crate::rule) fn request(outgoing: Outgoing) -> Result<Request<WasiBody>, String> {
    let method = Method::from_bytes(outgoing.method.as_bytes())
        .map_err(|_| format!("{:?} is no HTTP method", outgoing.method))?;
    let body = Full::new(Bytes::from(outgoing.body));
    let mut builder = Request::builder().method(method).uri(&outgoing.url);
    for (name, value) in &outgoing.headers {
        builder = builder.header(name, value);
    }
    let request = builder.body(body.map_err(Error::from).boxed_unsync());
    let mut request = request.map_err(|problem| format!("it cannot be sent: {problem}"))?;
    let names: Vec<_> = request.headers().keys().cloned().collect();
    for name in names.iter().filter(|name| is_the_hosts(name)) {
        request.headers_mut().remove(name);
    }
    Ok(request)
}

/// What came back, as a rule sees it.
pub(in crate::rule) fn incoming(answer: Response<Bytes>) -> Incoming {
    let (parts, body) = answer.into_parts();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = parts.headers.iter();
    Incoming {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect(),
        body: body.into(),
    }
}
