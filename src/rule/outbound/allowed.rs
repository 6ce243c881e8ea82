//! The `[http]` table of a manifest: which hosts, how often, how long, how much.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Host;

use super::address::{Reach, reach};
use super::header::Template;
use super::origin::Origin;
use crate::document::Mistake;
use crate::rule::secret::SecretSource;

/// Lets a component send HTTP requests, to these hosts and to no others.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpAllowed {
    /// Scheme, host and, where it is not the usual one, port: `https://api.example`. There are no wildcards.
    pub hosts: Vec<String>,
    /// Whether they may be on this machine or in a private network. Without it every address is refused that is
    /// loopback, private, link-local, shared, multicast or otherwise not the world's.
    pub private: bool,
    /// Requests in one call.
    #[schemars(range(min = 1, max = 16))]
    pub requests: u32,
    /// Time for one request, from looking up the name to the last byte of the answer, in milliseconds. It counts towards
    /// `limits.wall_ms` too.
    #[schemars(range(min = 1, max = 30_000))]
    pub timeout_ms: u32,
    /// The body of a request, in bytes.
    #[schemars(range(max = 1_048_576))]
    pub request_bytes: u32,
    /// The body of an answer, in bytes.
    #[schemars(range(max = 4_194_304))]
    pub response_bytes: u32,
    /// A file of certificates (PEM) that are trusted besides the system's, for hosts with a certificate of their own
    /// authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// For each host the headers that the server adds, in place of what the rule sent under these names. `{secrets.NAME}`
    /// stands for a secret.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for HttpAllowed {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            private: false,
            requests: 2,
            timeout_ms: 200,
            request_bytes: 64 * 1024,
            response_bytes: 64 * 1024,
            ca: None,
            headers: BTreeMap::new(),
        }
    }
}

impl HttpAllowed {
    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.into())
    }

    /// Whether an origin, such as `https://api.example`, is among the hosts.
    pub fn lists(&self, origin: &str) -> bool {
        let asked = Origin::listed(origin).ok();
        asked.is_some_and(|asked| self.origins().any(|listed| listed == asked))
    }

    /// The hosts, as far as they are without mistakes.
    pub(super) fn origins(&self) -> impl Iterator<Item = Origin> {
        let hosts = self.hosts.iter();
        hosts.filter_map(|host| Origin::listed(host).ok())
    }

    /// The headers for one host, by name.
    pub(super) fn headers_for(&self, origin: &Origin) -> impl Iterator<Item = (&str, &str)> {
        let meant = |host: &str| Origin::listed(host).as_ref() == Ok(origin);
        let tables = self.headers.iter().filter(move |(host, _)| meant(host));
        tables.flat_map(|(_, headers)| {
            let headers = headers.iter();
            headers.map(|(name, value)| (name.as_str(), value.as_str()))
        })
    }
}

/// What is wrong with a manifest's `[http]`. `place` is the file.
pub(in crate::rule) fn mistakes(
    http: &HttpAllowed,
    secrets: &BTreeMap<String, SecretSource>,
    place: &str,
) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut add = |key: &str, problem: String| {
        let place = format!("{place}: http.{key}");
        mistakes.push(Mistake { place, problem });
    };
    if http.hosts.is_empty() {
        add(
            "hosts",
            "name the hosts: hosts = [\"https://api.example\"]".to_owned(),
        );
    }
    for host in &http.hosts {
        let problem = Origin::listed(host).and_then(|origin| check_literal(&origin, http.private));
        if let Err(problem) = problem {
            add("hosts", problem);
        }
    }
    if let Some(ca) = http.ca.as_ref().filter(|ca| !ca.is_absolute()) {
        let ca = ca.display();
        add("ca", format!("{ca} is not a path from the root"));
    }
    for (host, headers) in &http.headers {
        let key = format!("headers.{host:?}");
        if let Err(problem) = check_listed(host, http) {
            add(&key, problem);
        }
        for (name, value) in headers {
            if let Err(problem) = Template::parse(name, value, secrets) {
                add(&format!("{key}.{name}"), problem);
            }
        }
    }
    mistakes
}

/// An address in the list itself can be judged at once; a name only when it is looked up.
fn check_literal(origin: &Origin, private: bool) -> Result<(), String> {
    let address: IpAddr = match origin.host {
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.into(),
    };
    match reach(address) {
        Reach::Metadata => Err(format!(
            "{origin} is the metadata service of a cloud, which no rule may reach"
        )),
        Reach::Private(word) if !private => Err(format!(
            "{origin} has a {word} address; add private = true to allow such"
        )),
        Reach::Private(_) | Reach::Public => Ok(()),
    }
}

fn check_listed(host: &str, http: &HttpAllowed) -> Result<(), String> {
    let origin = Origin::listed(host)?;
    match http.origins().any(|listed| listed == origin) {
        true => Ok(()),
        false => Err(format!("{origin} is not among http.hosts; add it there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Manifest;

    #[track_caller]
    fn mistake_in(manifest: &str) -> String {
        let mistakes = Manifest::parse(manifest, "10-rule.toml").unwrap_err();
        let texts: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        texts.join("\n")
    }

    #[test]
    fn a_whole_table_is_read() {
        let manifest = "[secrets.KEY]\nenv = \"V\"\n[http]\nhosts = [\"https://api.example\", \"http://127.0.0.1:9000\"]\n\
             private = true\nrequests = 3\ntimeout_ms = 100\nrequest_bytes = 0\nresponse_bytes = 10\nca = \"/ca.pem\"\n\
             [http.headers.\"https://API.example:443\"]\nAuthorization = \"Bearer {secrets.KEY}\"\n";
        let http = Manifest::parse(manifest, "").unwrap().http.unwrap();
        let origin = Origin::listed("https://api.example").unwrap();
        assert_eq!(
            http.headers_for(&origin).collect::<Vec<_>>(),
            [("Authorization", "Bearer {secrets.KEY}")]
        );
        assert_eq!(http.origins().count(), 2);
    }

    #[test]
    fn each_mistake_says_what_to_do() {
        let told = [
            ("[http]\n", "http.hosts: name the hosts"),
            ("[http]\nhosts = [\"https://*\"]\n", "no wildcards"),
            (
                "[http]\nhosts = [\"http://127.0.0.1\"]\n",
                "http://127.0.0.1 has a loopback address; add private = true",
            ),
            (
                "[http]\nhosts = [\"http://0x7f000001\"]\n",
                "http://127.0.0.1 has a loopback address",
            ),
            (
                "[http]\nhosts = [\"http://169.254.169.254\"]\nprivate = true\n",
                "which no rule may reach",
            ),
            (
                "[http]\nhosts = [\"https://a.example\"]\nca = \"ca.pem\"\n",
                "http.ca: ca.pem is not a path from the root",
            ),
            (
                "[http]\nhosts = [\"https://a.example\"]\n[http.headers.\"https://b.example\"]\nx = \"y\"\n",
                "https://b.example is not among http.hosts",
            ),
            (
                "[http]\nhosts = [\"https://a.example\"]\n[http.headers.\"https://a.example\"]\nx = \"{secrets.KEY}\"\n",
                "there is no secret KEY; add [secrets.KEY]",
            ),
            (
                "[http]\nhosts = [\"https://a.example\"]\nrequests = 99\n",
                "http.requests",
            ),
            (
                "[http]\nhosts = [\"https://a.example\"]\nhost = 1\n",
                "http.host",
            ),
        ];
        for (manifest, expected) in told {
            let told = mistake_in(manifest);
            assert!(told.contains(expected), "{manifest}: {told}");
        }
    }
}
