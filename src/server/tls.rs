//! TLS by rustls: the certificate in force, and how a change of its files is taken in.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::self_signed::{self, SelfSignedError};
use crate::config::{Config, Tls};
use crate::data_dir::DataDir;

/// Where a server listens with TLS, and with which certificate it started.
#[derive(Clone, Debug)]
pub struct TlsPlace {
    /// The address.
    pub address: SocketAddr,
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The certificate's SHA-256 fingerprint, as openssl writes it.
    pub fingerprint: String,
}

/// A certificate, its key, and the files they are read from.
pub(super) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    /// What the files held when they were last looked at.
    seen: Digest,
}

/// The certificate in force; connections that stand keep theirs.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Where a certificate and its key come from.
enum Files {
    None,
    Given(PathBuf, PathBuf),
    SelfSigned,
}

fn files(tls: &Tls) -> Result<Files, TlsError> {
    match (&tls.cert, &tls.key, tls.self_signed) {
        (None, None, false) => Ok(Files::None),
        (Some(cert), Some(key), false) => Ok(Files::Given(cert.clone(), key.clone())),
        (None, None, true) => Ok(Files::SelfSigned),
        (Some(_), _, true) | (_, Some(_), true) => Err(TlsError::TwoCertificates),
        (Some(_), None, false) => Err(TlsError::OneMissing("key")),
        (None, Some(_), false) => Err(TlsError::OneMissing("cert")),
    }
}

/// What two files hold, without keeping a private key around.
type Digest = [u8; 32];

impl Certificate {
    /// The certificate that the configuration asks for, if it asks for one.
    pub(super) fn of_config(
        config: &Config,
        data: &DataDir,
        now: i64,
    ) -> Result<Option<Self>, TlsError> {
        let (cert, key) = match files(&config.tls)? {
            Files::None => return Ok(None),
            Files::Given(cert, key) => (cert, key),
            Files::SelfSigned => self_signed::files(config, data, now)?,
        };
        Self::load(cert, key).map(Some)
    }

    /// Whether that certificate can be used. One that the server makes is made when it starts.
    pub(super) fn check(config: &Config) -> Result<(), TlsError> {
        match files(&config.tls)? {
            Files::Given(cert, key) => Self::load(cert, key).map(drop),
            Files::None | Files::SelfSigned => Ok(()),
        }
    }

    fn load(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let bytes = [read(&cert)?, read(&key)?];
        let pair = certified(&cert, &key, &bytes)?;
        Ok(Self {
            current: Arc::new(Current(ArcSwap::from_pointee(pair))),
            seen: digest_of(&bytes),
            cert,
            key,
        })
    }

    /// What performs the handshakes.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config).into())
    }

    /// Binds the listener.
    pub(super) async fn bind(&self, address: SocketAddr) -> Result<Secured, TlsError> {
        let failed = |source| TlsError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let place = TlsPlace {
            address: listener.local_addr().map_err(failed)?,
            certificate: self.cert.clone(),
            fingerprint: self.fingerprint(),
        };
        Ok(Secured {
            acceptor: self.acceptor()?,
            listener,
            place,
        })
    }

    fn fingerprint(&self) -> String {
        fingerprint(&self.current.0.load())
    }

    /// Takes changes of the files in, until told to stop. Files are polled: a mounted secret is a chain of links, whose
    /// events are different everywhere.
    pub(super) async fn follow(mut self, stop: CancellationToken) {
        let mut suspected = self.seen;
        loop {
            tokio::select! {
                () = sleep(POLL_INTERVAL) => {}
                () = stop.cancelled() => return,
            }
            let bytes = match self.read_again().await {
                Ok(bytes) => bytes,
                Err(_) if suspected == NOTHING => continue,
                Err(problem) => {
                    suspected = NOTHING;
                    self.keep(&problem);
                    continue;
                }
            };
            let found = digest_of(&bytes);
            // The two files are seldom replaced in the same moment: they are judged when they have come to rest.
            let at_rest = found == suspected;
            suspected = found;
            if at_rest && found != self.seen {
                self.seen = found;
                self.take_in(&bytes);
            }
        }
    }

    async fn read_again(&self) -> Result<[Vec<u8>; 2], TlsError> {
        let read = async |path: &Path| {
            let bytes = tokio::fs::read(path).await;
            bytes.map_err(|source| TlsError::cannot_read(path, source))
        };
        Ok([read(&self.cert).await?, read(&self.key).await?])
    }

    fn take_in(&self, bytes: &[Vec<u8>; 2]) {
        match certified(&self.cert, &self.key, bytes) {
            Ok(pair) => {
                self.current.0.store(Arc::new(pair));
                info!(sha256 = self.fingerprint(), "a new certificate is in force");
            }
            Err(problem) => self.keep(&problem),
        }
    }

    fn keep(&self, problem: &TlsError) {
        let problem = problem as &dyn std::error::Error;
        let sha256 = self.fingerprint();
        warn!(
            problem,
            sha256, "the certificate's files have changed and are no good; the old one stays"
        );
    }
}

/// A listener for connections with TLS.
pub(super) struct Secured {
    pub(super) listener: TcpListener,
    pub(super) acceptor: TlsAcceptor,
    pub(super) place: TlsPlace,
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::cannot_read(path, source))
}

fn digest_of(files: &[Vec<u8>; 2]) -> Digest {
    let each = files.each_ref().map(|bytes| digest(&SHA256, bytes));
    let both = digest(&SHA256, &each.each_ref().map(AsRef::as_ref).concat());
    let mut found = NOTHING;
    found.copy_from_slice(both.as_ref());
    found
}

/// A certificate with its key, if the two belong together.
fn certified(cert: &Path, key: &Path, files: &[Vec<u8>; 2]) -> Result<CertifiedKey, TlsError> {
    let [certificates, private] = files;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates).collect();
    let chain = chain.map_err(|problem| TlsError::not_pem(cert, &problem))?;
    if chain.is_empty() {
        return Err(TlsError::Empty(cert.to_owned()));
    }
    let private = PrivateKeyDer::from_pem_slice(private)
        .map_err(|problem| TlsError::not_pem(key, &problem))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|source| TlsError::Pair {
        cert: cert.to_owned(),
        key: key.to_owned(),
        source,
    })
}

fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

fn fingerprint(pair: &CertifiedKey) -> String {
    let leaf = pair.cert.first().map(AsRef::as_ref).unwrap_or_default();
    let sum = digest(&SHA256, leaf);
    let bytes = sum.as_ref().iter().map(|byte| format!("{byte:02X}"));
    bytes.collect::<Vec<_>>().join(":")
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate is no use without its key, nor the other way round.
    #[error("listen with TLS: tls.{0} is missing (--tls-{0}); give a certificate and its key")]
    OneMissing(&'static str),
    /// A certificate was given, and one is to be made.
    #[error("listen with TLS: give tls.cert and tls.key, or set tls.self_signed, not both")]
    TwoCertificates,
    /// A file cannot be read.
    #[error("read {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("read {path}: it is no PEM file of the right kind ({problem})", path = path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no certificate in the file.
    #[error("read {path}: there is no certificate in it", path = .0.display())]
    Empty(PathBuf),
    /// The two are not a pair, or of a kind that is not supported.
    #[error("use the certificate {cert} with the key {key}", cert = cert.display(), key = key.display())]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
    /// The library does not start.
    #[error("set up TLS")]
    Unusable(#[source] rustls::Error),
    /// The certificate could not be made.
    #[error(transparent)]
    SelfSigned(#[from] SelfSignedError),
    /// The address cannot be listened on.
    #[error("listen on {address} with TLS")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

impl TlsError {
    fn cannot_read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Read { path, source }
    }

    fn not_pem(path: &Path, problem: &dyn fmt::Display) -> Self {
        Self::NotPem {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }
}

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// What no two files hold.
const NOTHING: Digest = [0; 32];
