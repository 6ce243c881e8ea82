//! HTTPS: the right host, or none.

use std::fs;
use std::net::SocketAddr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{error, fetch, fetching};
use crate::harness::{Names, Setup, tls_acceptor};

/// An https server on this machine with a certificate for this name, and the certificate of its authority.
struct Secured {
    address: SocketAddr,
    authority: String,
}

impl Secured {
    async fn start(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let acceptor = tls_acceptor(&certificate, &key);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, acceptor));
        Self {
            address,
            authority: issuer.pem(),
        }
    }

    /// What a rule gets that asks for `api.example` at this server.
    async fn asked(&self, trusted: bool) -> Value {
        let port = self.address.port();
        let setup = Setup::new();
        let ca = setup.scratch("ca.pem");
        fs::write(&ca, &self.authority).unwrap();
        let ca = match trusted {
            true => format!("ca = {ca:?}\n"),
            false => String::new(),
        };
        let manifest = format!(
            "[http]\nhosts = [\"https://api.example:{port}\"]\nprivate = true\ntimeout_ms = 10000\n{ca}"
        );
        let names = Names::leading_to(&[&["127.0.0.1"]]);
        let server = fetching(&manifest).resolving(names).start().await;
        let authority = format!("api.example:{port}");
        let parameters = [
            ("scheme", "https"),
            ("authority", &*authority),
            ("path", "/"),
        ];
        let claims = fetch(&server, &parameters).await;
        drop(setup);
        claims
    }
}

/// Answers `true` to whoever comes as far as that.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let Ok(mut connection) = acceptor.accept(connection).await else {
            continue;
        };
        let _ = connection.read(&mut [0; 4096]).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ntrue";
        let _ = connection.write_all(answer).await;
        let _ = connection.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_with_an_authority_of_its_own_is_reached_where_the_manifest_names_it() {
    let host = Secured::start("api.example").await;
    let claims = host.asked(true).await;
    assert_eq!(
        (&claims["answer"], &claims["body"]),
        (&200.into(), &true.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_trusts_is_refused() {
    let host = Secured::start("api.example").await;
    let claims = host.asked(false).await;
    assert_eq!(error(&claims), "TLS-certificate-error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_refused() {
    let host = Secured::start("other.example").await;
    let claims = host.asked(true).await;
    assert_eq!(error(&claims), "TLS-certificate-error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_without_certificates_keeps_the_rule_from_going_live() {
    let setup = Setup::new();
    let ca = setup.scratch("ca.pem");
    fs::write(&ca, "nothing").unwrap();
    let manifest = format!("[http]\nhosts = [\"https://api.example\"]\nca = {ca:?}\n");
    let problem = fetching(&manifest).refusal().await;
    assert!(
        problem.contains("http.ca") && problem.contains("has no certificate in it"),
        "{problem}"
    );
}
