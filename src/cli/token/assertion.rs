//! What a client that has a key instead of a secret shows to a server (RFC 7523 section 2.2).

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::server::Server;
use crate::clock::{Clock, SystemClock};
use crate::keys::{Algorithm, SigningKey, private_key_der};
use crate::random::{Random, SystemRandom};

/// Signs for this server, and for the next minute.
pub(super) fn assertion(
    server: &Server,
    client: &str,
    file: &Path,
) -> anyhow::Result<SecretString> {
    let key = key(file)?;
    let random: &dyn Random = &SystemRandom;
    let now = SystemClock::new().unix_seconds();
    let claims = json!({
        "iss": client, "sub": client, "aud": issuer(server)?, "iat": now, "exp": now + LIFETIME_SECONDS,
        "jti": hex::encode(random.bytes::<16>()),
    });
    let signed = key.sign_assertion(&claims.to_string());
    Ok(signed.context("sign an assertion")?.into())
}

fn key(file: &Path) -> anyhow::Result<SigningKey> {
    let named = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("read the key from {named}"))?;
    let text = SecretString::from(text);
    let pkcs8 = private_key_der(text.expose_secret());
    let parse = |of: Algorithm| SigningKey::parse(of, pkcs8.as_ref()?.expose_secret()).ok();
    let key = Algorithm::ALL.into_iter().find_map(parse);
    key.ok_or_else(|| {
        anyhow!(
            "{named} has no private key in it that signs with ES256, RS256 or EdDSA: it should be a PEM file with one \
             PRIVATE KEY (PKCS#8); openssl pkcs8 -topk8 -nocrypt makes one of others"
        )
    })
}

/// What the server calls itself.
fn issuer(server: &Server) -> anyhow::Result<String> {
    let url = server.url("/.well-known/oauth-authorization-server");
    let got = server.agent().get(&url).call();
    let mut response = got.map_err(|problem| server.silence(problem))?;
    let metadata: Result<Value, _> = response.body_mut().read_json();
    let metadata = metadata.with_context(|| format!("read the answer of {url}"))?;
    let issuer = metadata["issuer"].as_str();
    Ok(issuer
        .with_context(|| format!("read the answer of {url}: there is no issuer in it"))?
        .to_owned())
}

/// RFC 7523 section 2.2.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LIFETIME_SECONDS: u64 = 60;
