//! Lets in only requests that were meant for this server.
//!
//! A web page in a browser on this machine can make its own host name point at 127.0.0.1 and so reach a local server
//! as if it were the page's own (DNS rebinding). The Host header still holds the page's name, and gives it away.

use std::collections::HashSet;
use std::net::IpAddr;

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::config::Issuer;

/// The names this server answers to.
pub struct HostGuard {
    /// In lower case, without ports.
    names: HashSet<String>,
    /// What nearly every request says, to the letter: it needs no parsing.
    usual: Box<str>,
}

impl HostGuard {
    /// A guard that knows this machine, the issuer and these names.
    pub fn new(issuer: &Issuer, names: &[String]) -> Self {
        let usual = issuer.authority();
        let ours = ["localhost", issuer.host()].map(str::to_ascii_lowercase);
        let given = names.iter().map(|name| name.to_ascii_lowercase());
        Self {
            names: ours.into_iter().chain(given).collect(),
            usual: usual.into(),
        }
    }

    /// Whether a request may pass.
    ///
    /// # Errors
    /// Why it may not.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Refusal::NotOneHost);
        };
        if *host == *self.usual && request.uri().authority().is_none() {
            return self.check_origin(request);
        }
        // In absolute form the target names a host too (RFC 9112 section 3.2.2): both must be ours.
        let target = request.uri().authority();
        let named = host
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Authority>().ok());
        if !named.is_some_and(|host| self.knows(&host))
            || target.is_some_and(|target| !self.knows(target))
        {
            return Err(Refusal::ForeignHost);
        }
        self.check_origin(request)
    }

    /// A page of another site may not make a browser change anything here.
    fn check_origin<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        if matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) {
            return Ok(());
        }
        let Some(origin) = request.headers().get(ORIGIN) else {
            return Ok(());
        };
        let authority = origin.to_str().ok().and_then(|text| text.split_once("://"));
        let authority = authority.and_then(|(_, rest)| rest.parse::<Authority>().ok());
        match authority {
            Some(authority) if self.knows(&authority) => Ok(()),
            _ => Err(Refusal::ForeignOrigin),
        }
    }

    /// An address is always ours: only names can be made to point here by somebody else. A Host has no user before it
    /// (RFC 9110 section 7.2).
    fn knows(&self, authority: &Authority) -> bool {
        let host = authority.host();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let ours =
            bare.parse::<IpAddr>().is_ok() || self.names.contains(&host.to_ascii_lowercase());
        ours && !authority.as_str().contains('@')
    }
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has no Host header, or several.
    NotOneHost,
    /// It was meant for a server of another name.
    ForeignHost,
    /// A page of another site made a browser send it.
    ForeignOrigin,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NotOneHost => (StatusCode::BAD_REQUEST, "send one Host header\n"),
            Self::ForeignHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "this server does not answer to that Host; its operator can add it to allowed_hosts\n",
            ),
            Self::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "requests of other web sites are not accepted\n",
            ),
        };
        (status, text).into_response()
    }
}
