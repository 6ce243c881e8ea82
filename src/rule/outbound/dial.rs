//! Opens a connection to a listed host: looks its name up, checks every address, connects to a checked one, and makes sure
//! by TLS that it is the right host.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use url::Host;

use super::address::{Reach, reach};
use super::origin::Origin;
use super::refusal::{Phase, Refusal};
use super::resolve::Resolver;
use crate::rule::secret::read_file;

/// What connections of one rule are opened with.
pub(super) struct Dialer {
    pub(super) resolver: Arc<dyn Resolver>,
    /// Whether private addresses are allowed.
    pub(super) private: bool,
    /// There where a host is https.
    pub(super) tls: Option<TlsConnector>,
    /// The manifest's limit, for what is said when it is over.
    pub(super) timeout_ms: u32,
}

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Dialer {
    pub(super) async fn dial(
        &self,
        origin: &Origin,
        deadline: Instant,
    ) -> Result<Box<dyn Stream>, Refusal> {
        let slow = |phase| move |_| self.slow(origin, phase);
        let addresses = timeout_at(deadline, self.addresses(origin))
            .await
            .map_err(slow(Phase::Name))??;
        let connected = timeout_at(deadline, connect(origin, &addresses, deadline))
            .await
            .map_err(slow(Phase::Connection))??;
        let Some(tls) = self.tls.as_ref().filter(|_| origin.is_https) else {
            return Ok(Box::new(connected));
        };
        let failed = |problem| Refusal::Tls {
            host: origin.to_string(),
            problem,
        };
        let name = server_name(origin).map_err(failed)?;
        let secured = timeout_at(deadline, tls.connect(name, connected))
            .await
            .map_err(slow(Phase::Connection))?;
        Ok(Box::new(secured.map_err(failed)?))
    }

    pub(super) fn slow(&self, origin: &Origin, phase: Phase) -> Refusal {
        Refusal::Slow {
            host: origin.to_string(),
            phase,
            limit: self.timeout_ms,
        }
    }

    /// The addresses of a host. If one of them is out of bounds, then so is the host: whoever answers for the name does not
    /// get to choose which of them is tried.
    async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Refusal> {
        let host = || origin.to_string();
        let unknown = |problem| Refusal::Name {
            host: host(),
            problem,
        };
        let found: Vec<IpAddr> = match &origin.host {
            Host::Ipv4(address) => vec![(*address).into()],
            Host::Ipv6(address) => vec![(*address).into()],
            Host::Domain(name) => self.resolver.addresses(name).await.map_err(unknown)?,
        };
        for address in &found {
            let (host, address) = (host(), *address);
            match reach(address) {
                Reach::Metadata => return Err(Refusal::Metadata { host, address }),
                Reach::Private(word) if !self.private => {
                    return Err(Refusal::Private {
                        host,
                        address,
                        word,
                    });
                }
                Reach::Private(_) | Reach::Public => {}
            }
        }
        if found.is_empty() {
            return Err(unknown(io::Error::other("it has no address")));
        }
        let socket = |address| SocketAddr::new(address, origin.port);
        Ok(found
            .into_iter()
            .take(ADDRESSES_TRIED_MAX)
            .map(socket)
            .collect())
    }
}

/// Tries one address after the other. Each but the last gets half of the time that is left: one that swallows everything
/// does not take the others' turn.
async fn connect(
    origin: &Origin,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream, Refusal> {
    let mut last = io::Error::from(io::ErrorKind::TimedOut);
    for (index, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let until = match index + 1 == addresses.len() {
            true => deadline,
            false => now + left / 2,
        };
        match timeout_at(until, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true); // It is only slower without.
                return Ok(stream);
            }
            Ok(Err(problem)) => last = problem,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Refusal::Connect {
        host: origin.to_string(),
        problem: last,
    })
}

fn server_name(origin: &Origin) -> io::Result<ServerName<'static>> {
    match &origin.host {
        Host::Ipv4(address) => Ok(IpAddr::from(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::from(*address).into()),
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(io::Error::other),
    }
}

/// Makes ready what https needs: the certificates that this machine trusts, and those of the manifest. Blocks.
///
/// # Errors
/// What is wrong with the certificates, and what to do.
pub(super) fn tls(ca: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(ca) = ca {
        add(ca, &mut roots).map_err(|problem| format!("http.ca: {} {problem}", ca.display()))?;
    }
    if roots.is_empty() {
        return Err(
            "this machine trusts no certificate authority, so no https host can be reached: install its \
             ca-certificates, or name a file of certificates in http.ca"
                .to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|problem| format!("TLS: {problem}"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config).into())
}

fn add(ca: &Path, roots: &mut RootCertStore) -> Result<(), String> {
    let text = read_file(ca).map_err(|problem| format!("cannot be read: {problem}"))?;
    let certificates = CertificateDer::pem_slice_iter(text.expose_secret().as_bytes());
    let before = roots.len();
    for certificate in certificates {
        let certificate = certificate.map_err(|problem| format!("is not PEM: {problem}"))?;
        roots
            .add(certificate)
            .map_err(|problem| format!("has a certificate that cannot be used: {problem}"))?;
    }
    match roots.len() > before {
        true => Ok(()),
        false => Err("has no certificate in it".to_owned()),
    }
}

const ADDRESSES_TRIED_MAX: usize = 4;
