//! The floor: the least that a token endpoint can do. It parses a form, compares a constant secret, signs a fixed claims
//! set and answers the same JSON as rulemint, on the same HTTP library. Everything rulemint does beyond that is what a
//! ratio to the floor shows. Its `/verify` is the least that answering a proxy can do: it checks the signature of a token of
//! its own, reads the claims, compares the audience and answers with identity headers.
//!
//! `floor ADDRESS VARIANT`, where the variant is `signed`, `encode` (jsonwebtoken's own `encode`, which parses the key
//! each time), `unsigned` or `constant`.

#![expect(
    clippy::unwrap_used,
    reason = "a measuring tool has nobody to report to"
)]

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    ParsedPublicKey,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

#[derive(Clone, Copy, PartialEq)]
enum Variant {
    Signed,
    Encode,
    Unsigned,
    Constant,
}

struct Floor {
    variant: Variant,
    key: EcdsaKeyPair,
    public_key: ParsedPublicKey,
    encoding_key: EncodingKey,
    header: String,
    claims: Box<RawValue>,
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u32,
    scope: &'static str,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap();
    let variant = match arguments.next().as_deref() {
        Some("encode") => Variant::Encode,
        Some("unsigned") => Variant::Unsigned,
        Some("constant") => Variant::Constant,
        _ => Variant::Signed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(serve(&address, variant));
}

async fn serve(address: &str, variant: Variant) {
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .unwrap();
    let header =
        r#"{"alg":"ES256","typ":"at+jwt","kid":"0123456789012345678901234567890123456789012"}"#;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let public = key.public_key().as_ref();
    let floor = Floor {
        variant,
        public_key: ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).unwrap(),
        key,
        encoding_key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        header: format!("{}.", URL_SAFE_NO_PAD.encode(header)),
        claims: RawValue::from_string(CLAIMS.to_owned()).unwrap(),
    };
    let router = Router::new()
        .route("/oauth/token", post(token))
        .route("/verify", get(verify))
        .with_state(Arc::new(floor));
    let listener = TcpListener::bind(address).await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = TowerToHyperService::new(router.clone());
        #[expect(clippy::disallowed_methods, reason = "nothing waits for these tasks")]
        tokio::spawn(async move {
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn token(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    if floor.variant == Variant::Constant {
        return answer(CONSTANT.to_owned());
    }
    let mut secret_fits = false;
    for (name, value) in form_urlencoded::parse(&body) {
        secret_fits |= name == "client_secret" && value == SECRET;
    }
    assert!(secret_fits);
    let jwt = match floor.variant {
        Variant::Encode => {
            let mut header = Header::new(Algorithm::ES256);
            header.typ = Some("at+jwt".to_owned());
            encode(&header, &floor.claims, &floor.encoding_key).unwrap()
        }
        Variant::Signed | Variant::Unsigned | Variant::Constant => sign(&floor),
    };
    let body = Answer {
        access_token: &jwt,
        token_type: "Bearer",
        expires_in: 86_400,
        scope: "read:things write:things",
    };
    answer(serde_json::to_string(&body).unwrap())
}

#[derive(Deserialize)]
struct Claims {
    aud: String,
    client_id: String,
    exp: u64,
    jti: String,
    scope: String,
    sub: String,
}

async fn verify(
    State(floor): State<Arc<Floor>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let jwt = headers[AUTHORIZATION].to_str().unwrap();
    let (message, signature) = jwt["Bearer ".len()..].rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = &floor.public_key;
    key.verify_sig(message.as_bytes(), &signature).unwrap();
    let payload = URL_SAFE_NO_PAD.decode(message.split_once('.').unwrap().1);
    let claims: Claims = serde_json::from_slice(&payload.unwrap()).unwrap();
    let audience = query.unwrap();
    assert!(form_urlencoded::parse(audience.as_bytes()).any(|(_, value)| value == claims.aud));
    let identity = [
        ("x-auth-subject", claims.sub),
        ("x-auth-client-id", claims.client_id),
        ("x-auth-audience", claims.aud),
        ("x-auth-scope", claims.scope),
        ("x-auth-token-id", claims.jti),
        ("x-auth-expires", claims.exp.to_string()),
    ];
    (identity, [(CACHE_CONTROL, "no-store")]).into_response()
}

fn sign(floor: &Floor) -> String {
    let mut jwt = floor.header.clone();
    URL_SAFE_NO_PAD.encode_string(floor.claims.get(), &mut jwt);
    let signature = match floor.variant {
        Variant::Unsigned => vec![0; 64],
        Variant::Signed | Variant::Encode | Variant::Constant => floor
            .key
            .sign(&SystemRandom::new(), jwt.as_bytes())
            .unwrap()
            .as_ref()
            .to_vec(),
    };
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    jwt
}

fn answer(body: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
    ];
    (headers, body).into_response()
}

const SECRET: &str = "rms_0123456789012345678901234567890123456789012-floor";
const CLAIMS: &str = concat!(
    r#"{"iss":"http://127.0.0.1:6468","sub":"0123456789abcdef0123456789abcdef","aud":"https://bench-api.example","#,
    r#""client_id":"0123456789abcdef0123456789abcdef","iat":1790000000,"exp":1790086400,"#,
    r#""jti":"00000000-0000-4000-8000-000000000000","scope":"read:things write:things","#,
    r#""https://bench-api.example/tier":"gold","https://bench-api.example/region":"eu"}"#
);
const CONSTANT: &str = r#"{"access_token":"none","token_type":"Bearer","expires_in":86400}"#;
