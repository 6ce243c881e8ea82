//! A collector that is spoken to over TLS.

use std::fs;
use std::path::PathBuf;

use rcgen::{CertificateParams, KeyPair};
use rulemint::server::StartError;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::ask_with;
use super::collector::Collector;
use super::sending::until_metric;
use crate::harness::{Setup, TestServer, tls_acceptor};

/// TLS before a collector, with a certificate that it has signed itself.
struct Secured {
    endpoint: String,
    certificate: String,
}

impl Secured {
    async fn before(collector: &Collector) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let acceptor = tls_acceptor(&certificate, &key);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}", listener.local_addr().unwrap());
        let behind = collector.endpoint.strip_prefix("http://").unwrap();
        tokio::spawn(pass_on(listener, acceptor, behind.to_owned()));
        Self {
            endpoint,
            certificate: certificate.pem(),
        }
    }

    async fn traced(&self, ca: Option<PathBuf>, setup: Setup) -> Result<TestServer, StartError> {
        let endpoint = self.endpoint.clone();
        let setup = setup.but(|config| {
            config.telemetry.traces.endpoint = Some(endpoint);
            config.telemetry.traces.ca = ca;
        });
        setup.try_start().await
    }
}

async fn pass_on(listener: TcpListener, acceptor: TlsAcceptor, behind: String) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let Ok(mut connection) = acceptor.accept(connection).await else {
            continue; // It does not like the certificate.
        };
        let mut behind = TcpStream::connect(&behind).await.unwrap();
        tokio::spawn(async move { copy_bidirectional(&mut connection, &mut behind).await });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_are_sent_to_a_collector_whose_certificate_is_trusted() {
    let collector = Collector::start().await;
    let secured = Secured::before(&collector).await;
    let setup = Setup::new();
    let ca = setup.scratch("ca.pem");
    fs::write(&ca, &secured.certificate).unwrap();
    let server = secured.traced(Some(ca), setup).await.unwrap();
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_exported_total 1").await;
    assert_eq!(collector.spans().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_one_whose_certificate_nobody_vouches_for() {
    let collector = Collector::start().await;
    let secured = Secured::before(&collector).await;
    let another = Secured::before(&collector).await;
    let setup = Setup::new();
    let ca = setup.scratch("ca.pem");
    fs::write(&ca, &another.certificate).unwrap();
    let server = secured.traced(Some(ca), setup).await.unwrap();
    ask_with(&server, &[], &[]).await.token();
    until_metric(&server, "rulemint_spans_lost_total 1").await;
    assert!(collector.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_start_with_a_file_that_has_no_certificates() {
    let collector = Collector::start().await;
    let secured = Secured::before(&collector).await;
    for text in [None, Some("no certificate")] {
        let setup = Setup::new();
        let ca = setup.scratch("ca.pem");
        if let Some(text) = text {
            fs::write(&ca, text).unwrap();
        }
        let Err(StartError::Traces(problem)) = secured.traced(Some(ca), setup).await else {
            panic!("it starts with {text:?}");
        };
        assert!(problem.to_string().contains("ca.pem"), "{problem}");
    }
}
