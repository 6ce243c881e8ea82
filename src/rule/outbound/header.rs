//! Headers of requests: which are the host's alone, and those that it adds with secrets in them.

use std::collections::BTreeMap;

use hyper::HeaderMap;
use hyper::header::{self, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::rule::secret::{SecretSource, Secrets};

/// Whether a header is about the connection, which is the host's, and not about the request or the answer.
pub(super) fn is_the_hosts(name: &HeaderName) -> bool {
    HOSTS.contains(&name.as_str())
}

/// Takes the host's own headers out of a rule's request, or out of an answer.
pub(super) fn remove_the_hosts(headers: &mut HeaderMap) {
    for name in HOSTS {
        headers.remove(*name);
    }
}

/// The value of a header that a manifest adds, with places for secrets.
pub(super) struct Template<'t> {
    name: HeaderName,
    parts: Vec<Part<'t>>,
}

enum Part<'t> {
    Text(&'t str),
    Secret(&'t str),
}

impl<'t> Template<'t> {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(
        name: &str,
        value: &'t str,
        secrets: &BTreeMap<String, SecretSource>,
    ) -> Result<Self, String> {
        let header: HeaderName = name
            .parse()
            .map_err(|_| format!("{name:?} is no name of a header"))?;
        if is_the_hosts(&header) || header == header::CONTENT_LENGTH {
            return Err(format!("{name} is the server's own to set"));
        }
        let parts = parts(value)?;
        for part in &parts {
            if let Part::Secret(secret) = part
                && !secrets.contains_key(*secret)
            {
                return Err(format!(
                    "there is no secret {secret}; add [secrets.{secret}]"
                ));
            }
        }
        Ok(Self {
            name: header,
            parts,
        })
    }

    /// Puts the secrets in.
    ///
    /// # Errors
    /// Which header cannot be sent.
    pub(super) fn fill(self, secrets: &Secrets) -> Result<(HeaderName, HeaderValue), String> {
        let secret = |name| secrets.value(name).map(SecretString::expose_secret);
        let texts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Secret(name) => secret(name).unwrap_or_default(),
        });
        let text = SecretString::from(texts.collect::<String>());
        let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| {
            let name = &self.name;
            format!("header {name}: a secret in it has characters that no header may have, such as a line break")
        })?;
        value.set_sensitive(true);
        Ok((self.name, value))
    }
}

fn parts(mut value: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    while let Some((before, rest)) = value.split_once(OPENING) {
        let (name, rest) = rest
            .split_once('}')
            .ok_or_else(|| format!("a {OPENING}NAME lacks its closing brace"))?;
        parts.extend([Part::Text(before), Part::Secret(name)]);
        value = rest;
    }
    parts.push(Part::Text(value));
    Ok(parts)
}

const OPENING: &str = "{secrets.";

/// Hop-by-hop headers (RFC 9110 section 7.6.1), what says who is asked, and what would change how bytes are counted.
const HOSTS: &[&str] = &[
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> BTreeMap<String, SecretSource> {
        let source = SecretSource {
            file: None,
            env: Some("V".to_owned()),
            visible: false,
        };
        [("KEY".to_owned(), source)].into()
    }

    fn filled(value: &str, secret: &str) -> Result<String, String> {
        let environment = crate::config::Environment::of([("V", secret)]);
        let secrets = crate::rule::secret::read_all(&source(), &environment).unwrap();
        let (_, value) = Template::parse("Authorization", value, &source())?.fill(&secrets)?;
        assert_eq!(format!("{value:?}"), "Sensitive");
        Ok(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_secret_takes_the_place_of_its_name() {
        assert_eq!(
            filled("Bearer {secrets.KEY}", "open-sesame").unwrap(),
            "Bearer open-sesame"
        );
        assert_eq!(
            filled("{a} {secrets.KEY}{secrets.KEY}}", "open-sesame").unwrap(),
            "{a} open-sesameopen-sesame}"
        );
    }

    #[test]
    fn a_secret_with_a_line_break_is_not_shown_in_the_mistake() {
        let told = filled("{secrets.KEY}", "open\r\nX-Evil: sesame").unwrap_err();
        assert!(
            told.contains("line break") && !told.contains("sesame"),
            "{told}"
        );
    }

    #[test]
    fn headers_of_the_connection_are_the_servers() {
        for name in [
            "Host",
            "Connection",
            "Transfer-Encoding",
            "Content-Length",
            "TE",
        ] {
            let told = Template::parse(name, "x", &source()).err().unwrap();
            assert!(told.contains("the server's own"), "{told}");
        }
        let told = Template::parse("a b", "x", &source()).err().unwrap();
        assert!(told.contains("no name of a header"), "{told}");
        let told = Template::parse("a", "{secrets.KEY", &source())
            .err()
            .unwrap();
        assert!(told.contains("closing brace"), "{told}");
    }
}
