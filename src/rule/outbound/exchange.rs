//! One request and its answer over a connection of its own: HTTP/1.1, everything counted, nothing followed.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use wasmtime_wasi_http::WasiBody;

use super::dial::Stream;
use super::header::remove_the_hosts;
use super::origin::Origin;
use super::refusal::{PATH_BYTES_MAX, Refusal};

/// Which methods a rule may not use: they mean something else than asking this host for something.
pub(super) fn check_method(method: &Method) -> Result<(), Refusal> {
    match *method {
        Method::CONNECT | Method::TRACE => Err(Refusal::Method(method.to_string())),
        _ => Ok(()),
    }
}

/// Makes of what the rule sent what goes over the wire. The body is complete before the first byte leaves, so that its
/// length is the truth.
///
/// # Errors
/// When it is over a limit, or the rule gave it up.
pub(super) async fn prepare(
    request: Request<WasiBody>,
    origin: &Origin,
    (added, bytes_max): (&HeaderMap, u32),
) -> Result<Request<Full<Bytes>>, Refusal> {
    let host = || origin.to_string();
    let (mut parts, body) = request.into_parts();
    let body = Limited::new(body, bytes_max as usize).collect().await;
    let body = body.map_err(|problem| match problem.is::<LengthLimitError>() {
        true => Refusal::RequestBody {
            host: host(),
            limit: bytes_max,
        },
        false => Refusal::GivenUp { host: host() },
    })?;
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = match path.len() <= PATH_BYTES_MAX {
        true => Uri::try_from(path).unwrap_or_default(),
        false => return Err(Refusal::PathTooLong { host: host() }),
    };
    set_headers(&mut parts, origin, added);
    Ok(Request::from_parts(parts, Full::new(body.to_bytes())))
}

fn set_headers(parts: &mut Parts, origin: &Origin, added: &HeaderMap) {
    let headers = &mut parts.headers;
    remove_the_hosts(headers);
    headers.remove(CONTENT_LENGTH);
    headers.entry(USER_AGENT).or_insert(OURSELVES);
    for (name, value) in added {
        headers.insert(name, value.clone());
    }
    let authority = HeaderValue::try_from(origin.authority());
    headers.insert(
        HOST,
        authority.expect("a parsed host and a port are visible ASCII"),
    );
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Sends a request and reads the answer to its end.
///
/// # Errors
/// When the host does not answer properly, or with too much.
pub(super) async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    (origin, bytes_max): (&Origin, u32),
) -> Result<Response<Bytes>, Refusal> {
    let failed = |problem: hyper::Error| match problem.is_parse_too_large() {
        true => Refusal::ResponseHead {
            host: origin.to_string(),
        },
        false => Refusal::Protocol {
            host: origin.to_string(),
            problem,
        },
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        read(response, origin, bytes_max).await
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        answer = &mut answer => answer,
        ended = &mut connection => match ended {
            // Everything has arrived, and waits to be taken.
            Ok(()) => answer.await,
            Err(problem) => Err(failed(problem)),
        },
    }
}

async fn read(
    response: Response<Incoming>,
    origin: &Origin,
    bytes_max: u32,
) -> Result<Response<Bytes>, Refusal> {
    let host = || origin.to_string();
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refusal::Upgrade { host: host() });
    }
    let (mut parts, body) = response.into_parts();
    remove_the_hosts(&mut parts.headers);
    let body = Limited::new(body, bytes_max as usize).collect().await;
    let body = body.map_err(|problem| match problem.downcast::<hyper::Error>() {
        Ok(problem) => Refusal::Protocol {
            host: host(),
            problem: *problem,
        },
        Err(_) => Refusal::ResponseBody {
            host: host(),
            limit: bytes_max,
        },
    })?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

const OURSELVES: HeaderValue =
    HeaderValue::from_static(concat!("rulemint/", env!("CARGO_PKG_VERSION")));
const HEADERS_MAX: usize = 64;
/// The head of an answer, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
