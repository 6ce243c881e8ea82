//! What the token endpoint answers, and what is in a token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The value of a header, empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    /// The token of an answer that must have one.
    #[track_caller]
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        self.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The claims of the token of an answer that must have one.
    #[track_caller]
    pub(crate) fn claims(&self) -> Value {
        claims(&self.token())
    }

    /// Checks that this is a refusal with this status and this OAuth error, and gives its description.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, error: &str) -> String {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        let body = self.json();
        assert_eq!(body["error"], error, "{self:?}");
        assert!(body.get("access_token").is_none(), "{self:?}");
        body["error_description"].as_str().unwrap().to_owned()
    }
}

/// The claims of a token. Whether its signature is good is for others to check.
#[track_caller]
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token.
#[track_caller]
pub(crate) fn header(token: &str) -> Value {
    part(token, 0)
}

#[track_caller]
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
