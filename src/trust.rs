//! Whom the programs of this machine take for who they say they are: certificates that are trusted over TLS.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// A certificate, of a server or of an authority.
pub type Trusted = CertificateDer<'static>;

/// What all of this machine trusts.
pub fn of_machine() -> Vec<Trusted> {
    rustls_native_certs::load_native_certs().certs
}

/// What is in a PEM file.
///
/// # Errors
/// When it cannot be read, is no PEM, or has none in it.
pub fn of_file(file: &Path) -> Result<Vec<Trusted>, TrustError> {
    let unread = |source: Box<dyn Error + Send + Sync>| TrustError::Read {
        file: file.to_owned(),
        source,
    };
    let text = fs::read(file).map_err(|problem| unread(problem.into()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(|problem| unread(problem.into()))?;
    match certificates.is_empty() {
        true => Err(TrustError::Empty(file.to_owned())),
        false => Ok(certificates),
    }
}

/// TLS for whoever asks servers: it speaks to those that show a certificate of these, or of their authorities.
pub fn tls(trusted: &[Trusted]) -> TlsConfig {
    let owned = |one: &Trusted| Certificate::from_der(one).to_owned();
    let trusted: Vec<_> = trusted.iter().map(owned).collect();
    TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&trusted))
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .build()
}

/// Why there are no certificates to trust.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read.
    #[error("read certificates from {}", file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file has none.
    #[error("{} has no certificate in it: it should be a PEM file", .0.display())]
    Empty(PathBuf),
    /// There are none at all.
    #[error(
        "this machine trusts no certificate authority, so no https server can be reached: install its ca-certificates, or \
         name a file of certificates"
    )]
    Nobody,
}
