//! A client's key pair, with which a test signs what it likes.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PSS_SHA256,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, PKCS_RSA_SHA256};
use rulemint::registry::{NewClient, NewCredential, NewGrant};
use serde_json::{Value, json};

use super::{AUDIENCE, TestServer, until};

/// What says that an assertion is one.
pub(crate) const ASSERTION_TYPE: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

/// A key pair of one algorithm.
pub(crate) struct Signer {
    pub(crate) algorithm: &'static str,
    pair: KeyPair,
}

impl Signer {
    pub(crate) fn of(algorithm: &'static str) -> Self {
        let pair = KeyPair::generate_for(match algorithm {
            "ES256" => &PKCS_ECDSA_P256_SHA256,
            "EdDSA" => &PKCS_ED25519,
            _ => &PKCS_RSA_SHA256,
        });
        Self {
            algorithm,
            pair: pair.unwrap(),
        }
    }

    /// The public half.
    pub(crate) fn pem(&self) -> String {
        self.pair.public_key_pem()
    }

    /// The private half.
    pub(crate) fn private_pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// A certificate of it that ends on 2 January of a year.
    pub(crate) fn certificate(&self, year: i32) -> String {
        let mut params = CertificateParams::default();
        params.not_after = rcgen::date_time_ymd(year, 1, 2);
        params.self_signed(&self.pair).unwrap().pem()
    }

    /// As a client is added with it.
    pub(crate) fn credential(&self) -> NewCredential {
        NewCredential {
            pem: self.pem(),
            algorithm: Some(self.algorithm.to_owned()),
            ..NewCredential::default()
        }
    }

    /// A JWT with these claims.
    pub(crate) fn signed(&self, claims: &Value) -> String {
        self.signed_under(&json!({ "alg": self.algorithm, "typ": "JWT" }), claims)
    }

    /// A JWT with this header and these claims.
    pub(crate) fn signed_under(&self, header: &Value, claims: &Value) -> String {
        self.signed_text(&header.to_string(), &claims.to_string())
    }

    /// A JWT of these texts, JSON or not.
    pub(crate) fn signed_text(&self, header: &str, claims: &str) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let message = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let (pkcs8, random) = (self.pair.serialize_der(), SystemRandom::new());
        let padding = match self.algorithm {
            "ES256" => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8);
                let signed = pair.unwrap().sign(&random, message);
                return signed.unwrap().as_ref().to_vec();
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).unwrap();
                return pair.sign(message).as_ref().to_vec();
            }
            "RS384" => &RSA_PKCS1_SHA384,
            "PS256" => &RSA_PSS_SHA256,
            _ => &RSA_PKCS1_SHA256,
        };
        let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &random, message, &mut signature)
            .unwrap();
        signature
    }
}

impl TestServer {
    /// Adds a client that proves itself by this key and may have tokens for the API that every test server has. Waits until
    /// it is known.
    pub(crate) async fn add_key_client(&self, id: &str, signer: &Signer) {
        let new = NewClient {
            id: Some(id.to_owned()),
            name: id.to_owned(),
            credentials: vec![signer.credential()],
            ..NewClient::default()
        };
        self.registrar.add_client(new).await.unwrap();
        let grant = NewGrant {
            client_id: id.to_owned(),
            audience: AUDIENCE.to_owned(),
            scope: Some("read".to_owned()),
        };
        self.registrar.add_grant(grant).await.unwrap();
        until("the new client", async || {
            let live = self.issuer.live.load();
            live.registry.client(id)?.grant(AUDIENCE).map(drop)
        })
        .await;
    }

    /// What a client says that makes an assertion now, as Auth0's libraries do. No two are the same.
    pub(crate) fn assertion_claims(&self, client: &str) -> Value {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let now = self.now();
        let jti = format!("assertion-{}", MADE.fetch_add(1, Ordering::Relaxed));
        json!({
            "iss": client, "sub": client, "aud": format!("{}/", self.address), "iat": now, "exp": now + 180, "jti": jti,
        })
    }

    /// The time on the server's clock, in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        use rulemint::clock::Clock;
        self.clock.unix_seconds()
    }
}
