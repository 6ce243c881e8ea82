//! Scheme, host and port: what a manifest lists and what a request is compared by. Both go through the URL standard's own
//! parser, so that two spellings of one host are one host, and no spelling is taken for another host than it leads to.

use std::fmt;

use url::{Host, Url};

/// Where requests go: `https://api.example:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) is_https: bool,
    pub(super) host: Host,
    pub(super) port: u16,
}

impl Origin {
    /// One that a manifest lists.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn listed(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|problem| {
            format!(
                "{text:?} is no URL: {problem}; write scheme and host, such as https://api.example"
            )
        })?;
        if text.contains('*') {
            return Err(format!("{text:?}: name every host; there are no wildcards"));
        }
        let is_bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && !text.contains(['@', '\\', '?', '#']);
        if !is_bare {
            return Err(format!(
                "{text:?}: write scheme, host and port only, such as https://api.example:8443"
            ));
        }
        let origin = Self::of(&url).ok_or_else(|| format!("{text:?} is neither http nor https"))?;
        if matches!(&origin.host, Host::Domain(name) if name.ends_with('.')) {
            return Err(format!(
                "{text:?}: write the host without the dot at its end"
            ));
        }
        match origin.port {
            0 => Err(format!("{text:?}: there is no port 0")),
            _ => Ok(origin),
        }
    }

    /// One that a rule asks for. `None` where it is not plain scheme, host and port.
    pub(super) fn asked(scheme: &str, authority: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !PARTING.contains(&byte);
        if authority.is_empty() || !authority.bytes().all(is_plain) {
            return None;
        }
        Self::of(&Url::parse(&format!("{scheme}://{authority}/")).ok()?)
    }

    fn of(url: &Url) -> Option<Self> {
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        Some(Self {
            is_https,
            host: url.host()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// What the Host header says, and the address bar of a browser would: no port where it is the scheme's own.
    pub(super) fn authority(&self) -> String {
        match (self.is_https, self.port) {
            (true, 443) | (false, 80) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(out, "{scheme}://{}", self.authority())
    }
}

/// What parts a URL, and so has no place in the host's part of one.
const PARTING: &[u8] = b"@/\\?#%";

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Origin {
        Origin::listed(text).unwrap()
    }

    /// Whether a request for this is one for the listed host.
    fn is_for(entry: &str, scheme: &str, authority: &str) -> bool {
        Origin::asked(scheme, authority) == Some(listed(entry))
    }

    #[test]
    fn spellings_of_one_host_are_one_host() {
        for authority in [
            "api.example",
            "API.Example",
            "api.example:443",
            "api.example:",
        ] {
            assert!(
                is_for("https://api.example", "https", authority),
                "{authority}"
            );
        }
        assert!(is_for("HTTPS://API.EXAMPLE:443/", "https", "api.example"));
        assert!(is_for(
            "https://bücher.example",
            "https",
            "xn--bcher-kva.example"
        ));
        assert!(is_for(
            "https://XN--BCHER-KVA.example",
            "https",
            "xn--bcher-kva.example"
        ));
        assert!(is_for("http://[::1]:80", "http", "[0:0:0:0:0:0:0:1]"));
        let loopback = [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0x7f000001",
            "0177.0.0.01",
            "017700000001",
            "127.0.0.1.",
        ];
        for authority in loopback {
            assert!(is_for("http://127.0.0.1", "http", authority), "{authority}");
        }
    }

    #[test]
    fn no_other_host_is_taken_for_the_listed_one() {
        let others = [
            ("http", "api.example"),
            ("https", "api.example:8443"),
            ("https", "api.example."),
            ("https", "evil.example"),
            ("https", "www.api.example"),
            ("https", "api.example.evil.example"),
            ("https", "api-example"),
            ("https", "apI.examplе"), // The last letter is Cyrillic.
            ("https", "api.example@evil.example"),
            ("https", "evil.example@api.example"),
            ("https", "user:password@api.example"),
            ("https", "@api.example"),
            ("https", "evil.example\\@api.example"),
            ("https", "api.example\\.evil.example"),
            ("https", "api.example/@evil.example"),
            ("https", "api.example#@evil.example"),
            ("https", "api.example?@evil.example"),
            ("https", "evil.example#.api.example"),
            ("https", "api%2eexample"),
            ("https", "%61pi.example"),
            ("https", "api.example%00.evil.example"),
            ("https", "api.example:443:443"),
            ("https", "api.example:0"),
            ("https", "api.example:65979"), // 443 modulo 65536
            ("https", "api.example:4 43"),
            ("https", "api.example:-443"),
            ("https", " api.example"),
            ("https", "api.example\t"),
            ("https", "api.example\r\nHost: evil.example"),
            ("https", "api。example"),
            ("https", "①.example"),
            ("https", ""),
            ("https", ":443"),
            ("https", "[api.example]"),
            ("https", "[::1"),
            ("ftp", "api.example"),
            ("file", "api.example"),
            ("https:", "api.example"),
        ];
        for (scheme, authority) in others {
            assert!(
                !is_for("https://api.example", scheme, authority),
                "{scheme}://{authority}"
            );
        }
    }

    #[test]
    fn no_spelling_of_loopback_is_taken_for_a_name() {
        let spellings = [
            "localhost",
            "localhost.",
            "LOCALHOST",
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.1",
            "017700000001",
            "0",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[fe80::1%25lo]",
            "[fe80::1%lo]",
            "127.0.0.1.nip.example",
            "①②⑦.0.0.1",
        ];
        for authority in spellings {
            assert!(
                !is_for("https://api.example", "https", authority),
                "{authority}"
            );
            assert!(
                !is_for("http://127.0.0.2", "http", authority),
                "{authority}"
            );
        }
    }

    #[test]
    fn a_manifest_lists_bare_origins() {
        let told = [
            ("https://*.example", "no wildcards"),
            ("*", "no URL"),
            ("api.example", "no URL"),
            ("https://", "no URL"),
            ("https://api.example/v1", "scheme, host and port only"),
            ("https://api.example?x", "scheme, host and port only"),
            ("https://api.example#x", "scheme, host and port only"),
            ("https://me@api.example", "scheme, host and port only"),
            ("https://api.example\\x", "scheme, host and port only"),
            ("ftp://api.example", "neither http nor https"),
            ("https://api.example.", "without the dot"),
            ("https://api.example:0", "no port 0"),
            ("https://api.example:99999", "no URL"),
        ];
        for (text, expected) in told {
            let told = Origin::listed(text).unwrap_err();
            assert!(told.contains(expected), "{text}: {told}");
        }
    }

    #[test]
    fn the_host_header_names_a_port_only_where_it_is_not_the_usual_one() {
        assert_eq!(listed("https://api.example").authority(), "api.example");
        assert_eq!(listed("http://api.example:80").authority(), "api.example");
        assert_eq!(
            listed("http://api.example:443").authority(),
            "api.example:443"
        );
        assert_eq!(
            listed("https://[::1]:8443").to_string(),
            "https://[::1]:8443"
        );
    }
}
