//! Where traces go.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

/// What the server tells others about its work.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// Traces.
    pub traces: Traces,
}

/// Traces, for an OpenTelemetry collector.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// Where a collector takes OTLP over HTTP, such as `http://127.0.0.1:4318` or `https://collector.example`; `/v1/traces` is
    /// added. It comes from
    /// `OTEL_EXPORTER_OTLP_ENDPOINT` where it is set nowhere else. Without it there are no traces; `off` means none
    /// whatever that variable says.
    #[schemars(extend("format" = "otlp-endpoint"))]
    pub endpoint: Option<String>,
    /// Headers for the collector, as `NAME=VALUE,NAME=VALUE` with percent-encoded values. They come from
    /// `OTEL_EXPORTER_OTLP_HEADERS` where they are set nowhere else.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("format" = "otlp-headers"))]
    pub headers: Option<SecretString>,
    /// A PEM file with certificates that an https collector may show, or those of its authority, beside what this machine
    /// trusts. It comes from `OTEL_EXPORTER_OTLP_CERTIFICATE` where it is set nowhere else.
    pub ca: Option<PathBuf>,
    /// The share of requests that are traced, from 0 to 1, among those that come without a `traceparent`. One that comes
    /// with it says itself whether it is traced.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_ratio: f64,
    /// What this server is called in traces. It comes from `OTEL_SERVICE_NAME` where it is set nowhere else.
    #[schemars(length(min = 1))]
    pub service_name: String,
}

impl Default for Traces {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: None,
            ca: None,
            sample_ratio: 1.0,
            service_name: "rulemint".to_owned(),
        }
    }
}

impl Traces {
    /// The address that spans are posted to, if they are.
    pub fn address(&self) -> Option<String> {
        let base = self.endpoint.as_deref().filter(|base| *base != OFF)?;
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    }

    /// Whether the collector is spoken to over TLS.
    pub fn is_https(&self) -> bool {
        let base = self
            .endpoint
            .as_deref()
            .and_then(|base| Url::parse(base).ok());
        base.is_some_and(|base| base.scheme() == "https")
    }

    /// The headers for the collector, by name.
    pub fn header_pairs(&self) -> Vec<(String, String)> {
        let text = self.headers.as_ref().map(ExposeSecret::expose_secret);
        text.and_then(pairs).unwrap_or_default()
    }
}

/// `NAME=VALUE,NAME=VALUE`
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let name = name.trim();
        let is_good = !name.is_empty()
            && name.chars().all(is_token)
            && value.chars().all(|c| !c.is_control() && c.is_ascii());
        is_good.then(|| (name.to_owned(), value.into_owned()))
    };
    let parts = text.split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(pair).collect()
}

pub(super) fn check_endpoint(text: &str) -> Result<(), String> {
    let is_bare = |url: &Url| {
        url.has_host()
            && ["http", "https"].contains(&url.scheme())
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    };
    match Url::parse(text) {
        _ if text == OFF => Ok(()),
        Ok(url) if is_bare(&url) => Ok(()),
        _ => Err(format!(
            "{text:?} is no address of a collector; write http://HOST:4318, https://HOST, or off"
        )),
    }
}

/// Says nothing of the text: it is a secret.
pub(super) fn check_headers(text: &str) -> Result<(), String> {
    match pairs(text) {
        Some(_) => Ok(()),
        None => {
            Err("is not of the form NAME=VALUE,NAME=VALUE with percent-encoded values".to_owned())
        }
    }
}

const OFF: &str = "off";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_pairs_with_encoded_values() {
        let traces = Traces {
            headers: Some("authorization=Basic%20YTpi, x-tenant = t1 ,".into()),
            ..Traces::default()
        };
        let owned = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            owned("authorization", "Basic YTpi"),
            owned("x-tenant", "t1"),
        ];
        assert_eq!(traces.header_pairs(), expected);
        for bad in ["novalue", "=x", "a b=c", "a=b%0d%0ac: d"] {
            let problem = check_headers(bad).unwrap_err();
            assert!(!problem.contains(bad), "{problem}");
        }
    }

    #[test]
    fn an_endpoint_is_a_base_that_the_path_is_added_to() {
        let address = |endpoint: &str| {
            let endpoint = Some(endpoint.to_owned());
            let traces = Traces {
                endpoint,
                ..Traces::default()
            };
            traces.address()
        };
        let at = |text: &str| Some(text.to_owned());
        assert_eq!(address("http://h:1"), at("http://h:1/v1/traces"));
        assert_eq!(address("http://h:1/p/"), at("http://h:1/p/v1/traces"));
        assert_eq!(address("off"), None);
        assert_eq!(Traces::default().address(), None);
    }

    #[test]
    fn only_an_address_without_more_is_an_endpoint() {
        for good in [
            "off",
            "http://127.0.0.1:4318",
            "http://collector/prefix",
            "https://x",
        ] {
            check_endpoint(good).unwrap();
        }
        for bad in ["", "127.0.0.1:4318", "grpc://x", "http://u@x", "http://x?y"] {
            check_endpoint(bad).unwrap_err();
        }
    }
}
