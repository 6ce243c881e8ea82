//! TLS: whom a client believes it talks to, and how the certificate changes under it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rulemint::config::Config;
use rulemint::server::StartError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::{CLIENT, Lines, SECRET, Setup, TestServer, claims, raw, until, until_ok};

/// A certificate for a name, signed with its own key, and that key.
struct Pair {
    certificate: String,
    key: String,
}

fn pair(name: &str) -> Pair {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    Pair {
        certificate: params.self_signed(&key).unwrap().pem(),
        key: key.serialize_pem(),
    }
}

/// The files that a server with a certificate is given.
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(setup: &Setup) -> Self {
        Self {
            cert: setup.scratch("cert.pem"),
            key: setup.scratch("key.pem"),
        }
    }

    fn write(&self, pair: &Pair) {
        fs::write(&self.cert, &pair.certificate).unwrap();
        fs::write(&self.key, &pair.key).unwrap();
    }

    fn set_in(&self, config: &mut Config) {
        on_any_port(config);
        config.tls.cert = Some(self.cert.clone());
        config.tls.key = Some(self.key.clone());
    }
}

fn on_any_port(config: &mut Config) {
    config.tls.listen = ([127, 0, 0, 1], 0).into();
}

/// A server with this certificate, and the files it has it from.
async fn serving(pair: &Pair) -> (TestServer, Files) {
    let setup = Setup::new();
    let files = Files::of(&setup);
    files.write(pair);
    let server = setup.but(|config| files.set_in(config)).start().await;
    (server, files)
}

fn self_signed() -> Setup {
    Setup::new().but(|config| {
        on_any_port(config);
        config.tls.self_signed = true;
    })
}

/// Why a server does not start.
async fn problem(setup: Setup) -> String {
    let Err(StartError::Tls(problem)) = setup.try_start().await else {
        panic!("it starts, or something else is wrong")
    };
    problem.to_string()
}

/// A connection of a client that trusts this certificate and looks for this name.
async fn connect(
    server: &TestServer,
    trusted: &str,
    name: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = server.tls.as_ref().unwrap().address;
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends a request over a connection, and gives the whole answer.
async fn exchange(connection: &mut TlsStream<TcpStream>, request: &str) -> String {
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// The certificate that the server shows on a connection.
fn shown(connection: &TlsStream<TcpStream>) -> Vec<u8> {
    let (_, session): (_, &ClientConnection) = connection.get_ref();
    session.peer_certificates().unwrap()[0].to_vec()
}

fn der(pem: &str) -> Vec<u8> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
    certificate.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_trusts_the_certificate_gets_a_token() {
    let pair = pair("localhost");
    let (server, _files) = serving(&pair).await;
    let mut connection = connect(&server, &pair.certificate, "localhost")
        .await
        .unwrap();
    let form = format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}");
    let request = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = exchange(&mut connection, &request).await;
    let body: serde_json::Value =
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let token = body["access_token"].as_str().unwrap();
    // Nobody named the issuer: it is where TLS is.
    let issuer = format!("https://{}", server.tls.as_ref().unwrap().address);
    assert_eq!(claims(token)["iss"], issuer);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_address_goes_on_without_tls() {
    let (server, _files) = serving(&pair("localhost")).await;
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_trust_it_goes_away() {
    let (server, _files) = serving(&pair("localhost")).await;
    let stranger = pair("localhost").certificate;
    assert!(connect(&server, &stranger, "localhost").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_text_on_the_secured_address_is_not_answered() {
    let (server, _files) = serving(&pair("localhost")).await;
    let address = server.tls.as_ref().unwrap().address;
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(HEALTH.as_bytes()).await.unwrap();
    let answer = raw::rest(&mut connection).await;
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pair_is_in_force_without_a_restart() {
    let (old, new) = (pair("localhost"), pair("localhost"));
    let (server, files) = serving(&old).await;
    let mut standing = connect(&server, &old.certificate, "localhost")
        .await
        .unwrap();
    files.write(&new);
    let connection = until_ok("the new certificate", async || {
        connect(&server, &new.certificate, "localhost").await
    })
    .await;
    assert_eq!(shown(&connection), der(&new.certificate));
    assert!(exchange(&mut standing, HEALTH).await.contains("200 OK"));
}

#[tokio::test]
async fn a_bad_new_pair_keeps_the_old_one_and_says_so() {
    let lines = Lines::here();
    let (old, other) = (pair("localhost"), pair("localhost"));
    let (server, files) = serving(&old).await;
    let bad: [(&str, &dyn Fn()); 3] = [
        ("there is no certificate in it", &|| {
            fs::write(&files.cert, "nothing").unwrap();
        }),
        ("use the certificate", &|| {
            fs::write(&files.cert, &other.certificate).unwrap();
        }),
        ("cert.pem", &|| fs::remove_file(&files.cert).unwrap()),
    ];
    for (reason, change) in bad {
        let before = lines.with("the old one stays").len();
        change();
        let said = until(reason, async || {
            lines.with("the old one stays").get(before).cloned()
        })
        .await;
        assert!(said.contains(reason), "{said}");
        let connection = connect(&server, &old.certificate, "localhost").await;
        assert_eq!(shown(&connection.unwrap()), der(&old.certificate));
    }
    files.write(&other);
    until_ok("the good pair in the end", async || {
        connect(&server, &other.certificate, "localhost").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_is_for_this_machine_and_the_names_it_goes_by() {
    let setup = self_signed().but(|config| {
        config.issuer = Some("https://tokens.example".parse().unwrap());
        config.allowed_hosts = vec!["sidecar.internal".to_owned()];
    });
    let server = setup.start().await;
    let trusted = fs::read_to_string(&server.tls.as_ref().unwrap().certificate).unwrap();
    for name in [
        "localhost",
        "127.0.0.1",
        "tokens.example",
        "sidecar.internal",
    ] {
        let mut connection = connect(&server, &trusted, name).await.unwrap();
        assert!(exchange(&mut connection, HEALTH).await.contains("200 OK"));
    }
    assert!(connect(&server, &trusted, "other.example").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_self_signed_certificate_outlives_a_restart_and_its_key_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = self_signed().start().await;
    let first = server.tls.clone().unwrap();
    let key = first.certificate.with_file_name("key.pem");
    assert_eq!(
        fs::metadata(key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let server = server.stop().await.start().await;
    assert_eq!(server.tls.as_ref().unwrap().fingerprint, first.fingerprint);
    let renamed = server
        .stop()
        .await
        .but(|config| config.allowed_hosts = vec!["new.internal".to_owned()]);
    let server = renamed.start().await;
    assert_ne!(server.tls.as_ref().unwrap().fingerprint, first.fingerprint);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_pair_and_two_pairs_are_refused() {
    let alone = Setup::new().but(|config| config.tls.cert = Some("cert.pem".into()));
    assert!(problem(alone).await.contains("tls.key is missing"));
    let alone = Setup::new().but(|config| config.tls.key = Some("key.pem".into()));
    assert!(problem(alone).await.contains("tls.cert is missing"));
    let both = self_signed().but(|config| config.tls.cert = Some("cert.pem".into()));
    assert!(problem(both).await.contains("not both"));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_pair_are_refused_at_the_start() {
    let (one, other) = (pair("localhost"), pair("localhost"));
    let setup = Setup::new();
    let files = Files::of(&setup);
    let setup = setup.but(|config| files.set_in(config));
    let missing = problem(setup).await;
    assert!(missing.contains("cert.pem"), "{missing}");
    for (certificate, key, expected) in [
        ("", &*one.key, "there is no certificate in it"),
        (&*one.certificate, "", "no PEM file of the right kind"),
        (&*one.certificate, &*other.key, "use the certificate"),
    ] {
        let setup = Setup::new();
        let files = Files::of(&setup);
        files.write(&Pair {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        });
        let said = problem(setup.but(|config| files.set_in(config))).await;
        assert!(said.contains(expected), "{said}");
    }
}
