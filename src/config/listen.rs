//! Addresses and the issuer, checked when they are read.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// A TCP address. Port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket at this path.
    Unix(PathBuf),
}

impl Default for Listen {
    fn default() -> Self {
        Self::Tcp(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT))
    }
}

impl Listen {
    /// Whether only this machine can reach it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err("names no path; write unix:/run/rulemint.sock".to_owned()),
                _ => Ok(Self::Unix(PathBuf::from(path))),
            };
        }
        let text = text.replacen("localhost:", "127.0.0.1:", 1);
        text.parse().map(Self::Tcp).map_err(|_| {
            format!(
                "{text:?} is no address; write ADDRESS:PORT such as 127.0.0.1:6468, or unix:PATH"
            )
        })
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(out, "{address}"),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

/// An issuer identifier (RFC 8414 section 2): an absolute URL without query and fragment, and without a slash at its
/// end. It goes into tokens to the letter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer {
    text: Arc<str>,
    url: Url,
}

impl Issuer {
    /// The issuer of a server that listens at `address` without TLS and was told no other.
    pub fn of_address(address: SocketAddr) -> Self {
        Self::at("http", address)
    }

    /// The issuer of a server that listens at `address` with TLS and was told no other.
    pub fn of_secured_address(address: SocketAddr) -> Self {
        Self::at("https", address)
    }

    fn at(scheme: &str, address: SocketAddr) -> Self {
        let reachable = match address.ip() {
            ip if ip.is_unspecified() => IpAddr::from(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        let text = format!("{scheme}://{}", SocketAddr::new(reachable, address.port()));
        let url = Url::parse(&text).expect("a socket address makes a URL");
        Self {
            text: text.into(),
            url,
        }
    }

    /// The issuer of a server that listens on a Unix socket and was told no other.
    pub fn of_socket() -> Self {
        Self::of_address(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT))
    }

    /// As it stands in tokens.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As it stands in tokens, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The audience of tokens for this server's own management API.
    pub fn management_audience(&self) -> String {
        format!("{self}{MANAGEMENT_PATH}")
    }

    /// Where clients ask for tokens.
    pub fn token_endpoint(&self) -> String {
        format!("{self}{TOKEN_PATH}")
    }

    /// The issuer whose management API is named so.
    pub fn of_management_audience(audience: &str) -> Option<String> {
        audience.strip_suffix(MANAGEMENT_PATH).map(str::to_owned)
    }

    /// Its path, without a slash at the end: empty for most.
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Its host name, with the port where that is not the scheme's own: what a client sends as `Host`.
    pub fn authority(&self) -> &str {
        self.url.authority()
    }

    /// Its host name.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    }
}

impl FromStr for Issuer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)
            .map_err(|problem| format!("{text:?} is no absolute URL ({problem})"))?;
        let issuer = Self {
            text: text.into(),
            url,
        };
        match issuer.url.scheme() {
            "https" => {}
            "http" if issuer.is_local() => {}
            "http" => {
                return Err(format!(
                    "{text:?} must be https: only this machine may be http"
                ));
            }
            scheme => return Err(format!("{text:?} must be https, not {scheme}")),
        }
        if issuer.url.query().is_some() || issuer.url.fragment().is_some() {
            return Err(format!("{text:?} must have no query and no fragment"));
        }
        if text.ends_with('/') {
            return Err(format!("{text:?} must not end in a slash"));
        }
        if !issuer.url.username().is_empty() || issuer.url.password().is_some() {
            return Err("must hold no user name and no password".to_owned());
        }
        Ok(issuer)
    }
}

impl TryFrom<String> for Issuer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.text.as_ref().to_owned()
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

const DEFAULT_PORT: u16 = 6468;
const MANAGEMENT_PATH: &str = "/api/v2/";
/// Below the issuer: RFC 6749 section 3.2.
pub const TOKEN_PATH: &str = "/oauth/token";
