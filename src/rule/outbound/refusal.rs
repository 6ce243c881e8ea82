//! Why a request did not bring an answer: in words for the rule's log, which say what the manifest would have to say, and
//! in wasi:http's codes for the rule.

use std::io;
use std::net::IpAddr;

use wasmtime_wasi_http::Error;

/// Why a request did not bring an answer. `host` is an origin that the manifest lists.
#[derive(Debug, thiserror::Error)]
pub(in crate::rule) enum Refusal {
    #[error(
        "the manifest lets it send no HTTP requests; name the hosts it may reach: [http] hosts = \
         [\"https://api.example\"]"
    )]
    NotGranted,
    #[error("a rule sends HTTP requests only while it answers a token request")]
    NoToken,
    #[error("it sent more than {0} HTTP requests in one call (http.requests)")]
    TooMany(u32),
    #[error("it sent more than {0} HTTP requests at once; let it wait for an answer first")]
    TooManyAtOnce(usize),
    #[error("{0} is not among the hosts it may reach; add it to http.hosts to allow it")]
    NotListed(String),
    #[error(
        "{0:?} is not plain scheme, host and port; it may reach what is listed in http.hosts and nothing else"
    )]
    NotPlain(String),
    #[error("{0} is no method that a rule may use")]
    Method(String),
    #[error("its request to {host} has a path and query of more than {PATH_BYTES_MAX} bytes")]
    PathTooLong { host: String },
    #[error("its request to {host} has a body of more than {limit} bytes (http.request_bytes)")]
    RequestBody { host: String, limit: u32 },
    #[error("it gave up on the body of its request to {host}")]
    GivenUp { host: String },
    #[error(
        "{host} has the address {address}, which is {word}; set http.private = true to allow that"
    )]
    Private {
        host: String,
        address: IpAddr,
        word: &'static str,
    },
    #[error(
        "{host} has the address {address}, the metadata service of a cloud: no rule may reach that"
    )]
    Metadata { host: String, address: IpAddr },
    #[error("the name of {host} cannot be looked up: {problem}")]
    Name { host: String, problem: io::Error },
    #[error("{host} cannot be connected to: {problem}")]
    Connect { host: String, problem: io::Error },
    #[error("no TLS with {host}: {problem}{}", advice(.problem))]
    Tls { host: String, problem: io::Error },
    #[error("{host} was too slow {phase}: {limit} ms are allowed (http.timeout_ms)")]
    Slow {
        host: String,
        phase: Phase,
        limit: u32,
    },
    #[error("{host} answered with a head that is too large")]
    ResponseHead { host: String },
    #[error("{host} answered with more than {limit} bytes (http.response_bytes)")]
    ResponseBody { host: String, limit: u32 },
    #[error("{host} did not answer in HTTP/1.1: {problem}")]
    Protocol { host: String, problem: hyper::Error },
    #[error("{host} wanted to speak another protocol")]
    Upgrade { host: String },
    #[error(
        "the answer of {host} repeats the secret {secret}, which the rule may not see; it was withheld"
    )]
    Echo { host: String, secret: String },
}

/// What was being done when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::rule) enum Phase {
    #[error("while the rule wrote its request")]
    Request,
    #[error("to be found by name")]
    Name,
    #[error("to connect")]
    Connection,
    #[error("to answer")]
    Answer,
}

/// How a request ended, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// There was an answer, whatever its status.
    Answered,
    /// The manifest does not allow it.
    Refused,
    /// It went over a limit.
    Limit,
    /// It took too long.
    Slow,
    /// The host could not be reached, or did not answer properly.
    Failed,
    /// The call ended before it did.
    Abandoned,
}

impl Ending {
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::Answered, "answered"),
        (Self::Refused, "refused"),
        (Self::Limit, "limit"),
        (Self::Slow, "timeout"),
        (Self::Failed, "failed"),
        (Self::Abandoned, "abandoned"),
    ];
}

impl Refusal {
    pub(super) const fn ending(&self) -> Ending {
        match self {
            Self::NotGranted
            | Self::NoToken
            | Self::NotListed(_)
            | Self::NotPlain(_)
            | Self::Method(_)
            | Self::Private { .. }
            | Self::Metadata { .. } => Ending::Refused,
            Self::TooMany(_)
            | Self::TooManyAtOnce(_)
            | Self::PathTooLong { .. }
            | Self::RequestBody { .. }
            | Self::ResponseHead { .. }
            | Self::ResponseBody { .. } => Ending::Limit,
            Self::Slow { .. } => Ending::Slow,
            Self::GivenUp { .. }
            | Self::Name { .. }
            | Self::Connect { .. }
            | Self::Tls { .. }
            | Self::Protocol { .. }
            | Self::Upgrade { .. }
            | Self::Echo { .. } => Ending::Failed,
        }
    }

    /// The code that the rule gets.
    pub(super) fn code(&self) -> Error {
        match self {
            Self::NotGranted | Self::NoToken | Self::TooMany(_) | Self::NotListed(_) => {
                Error::HttpRequestDenied
            }
            Self::TooManyAtOnce(_) => Error::ConnectionLimitReached,
            Self::NotPlain(_) => Error::HttpRequestUriInvalid,
            Self::Method(_) => Error::HttpRequestMethodInvalid,
            Self::PathTooLong { .. } => Error::HttpRequestUriTooLong,
            Self::RequestBody { limit, .. } => Error::HttpRequestBodySize(Some((*limit).into())),
            Self::GivenUp { .. } => Error::HttpProtocolError,
            Self::Private { .. } | Self::Metadata { .. } => Error::DestinationIpProhibited,
            Self::Name { .. } => Error::DnsError {
                rcode: None,
                info_code: None,
            },
            Self::Connect { problem, .. } => connect_code(problem),
            Self::Tls { problem, .. } => match is_about_certificate(problem) {
                true => Error::TlsCertificateError,
                false => Error::TlsProtocolError,
            },
            Self::Slow { phase, .. } => match phase {
                Phase::Request => Error::ConnectionWriteTimeout,
                Phase::Name => Error::DnsTimeout,
                Phase::Connection => Error::ConnectionTimeout,
                Phase::Answer => Error::HttpResponseTimeout,
            },
            Self::ResponseHead { .. } => Error::HttpResponseHeaderSectionSize(None),
            Self::ResponseBody { limit, .. } => Error::HttpResponseBodySize(Some((*limit).into())),
            Self::Protocol { problem, .. } if is_cut_off(problem) => Error::HttpResponseIncomplete,
            Self::Protocol { .. } => Error::HttpProtocolError,
            Self::Upgrade { .. } => Error::HttpUpgradeFailed,
            Self::Echo { .. } => Error::InternalError(Some("the answer was withheld".to_owned())),
        }
    }
}

fn is_cut_off(problem: &hyper::Error) -> bool {
    let source = std::error::Error::source(problem);
    let source: Option<&io::Error> = source.and_then(|source| source.downcast_ref());
    problem.is_incomplete_message()
        || source.is_some_and(|source| source.kind() == io::ErrorKind::UnexpectedEof)
}

fn connect_code(problem: &io::Error) -> Error {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the standard library knows dozens of kinds, and adds some"
    )]
    match problem.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Error::DestinationIpUnroutable
        }
        _ => Error::DestinationUnavailable,
    }
}

fn is_about_certificate(problem: &io::Error) -> bool {
    let inner = problem.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

fn advice(problem: &io::Error) -> &'static str {
    match is_about_certificate(problem) {
        true => "; for a host with a certificate of its own authority name that in http.ca",
        false => "",
    }
}

/// Path and query together.
pub(super) const PATH_BYTES_MAX: usize = 8 * 1024;
