//! The server that commands ask about tokens: where it is, and whose certificate it may show.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use crate::cli::Context;
use crate::cli::access::load;
use crate::config::{Config, Listen};
use crate::trust::{self, TrustError, Trusted};

/// Which server.
#[derive(Args)]
pub(super) struct Named {
    /// The server [default: where the configuration has it listen].
    #[arg(long, value_name = "URL", env = "RULEMINT_SERVER")]
    pub(super) server: Option<String>,
    /// A PEM file with the certificates to trust [default: those of the system, and the self-signed one in the data directory].
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
}

/// A server, and what talks to it.
pub(super) struct Server {
    address: String,
    agent: ureq::Agent,
}

impl Named {
    pub(super) fn find(&self, context: &Context<'_>) -> anyhow::Result<Server> {
        let config = load(context, Vec::new())?.config;
        let address = match &self.server {
            Some(server) => server.trim_end_matches('/').to_owned(),
            None => of_config(&config)?,
        };
        // Answers that are errors are handed back: they say what was wrong.
        let mut settings = ureq::Agent::config_builder().http_status_as_error(false);
        if address.starts_with("https:") {
            settings = settings.tls_config(trust::tls(&self.trusted(&config)?));
        }
        let agent = settings.build().into();
        Ok(Server { address, agent })
    }

    fn trusted(&self, config: &Config) -> Result<Vec<Trusted>, TrustError> {
        match &self.cacert {
            Some(file) => trust::of_file(file),
            None => usually_trusted(&config.data_dir),
        }
    }
}

impl Server {
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub(super) fn agent(&self) -> &ureq::Agent {
        &self.agent
    }

    /// Says what to do where there was no answer.
    pub(super) fn silence(&self, problem: ureq::Error) -> anyhow::Error {
        let address = &self.address;
        let advice = match is_about_tls(&problem) {
            true => format!(
                "trust the server at {address}; --cacert names a file with its certificate, or its authority's"
            ),
            false => format!(
                "reach the server at {address}; is it running, or elsewhere? --server says where"
            ),
        };
        anyhow::Error::new(problem).context(advice)
    }
}

/// Where this machine reaches the server of the configuration.
fn of_config(config: &Config) -> anyhow::Result<String> {
    match &config.listen {
        Listen::Tcp(address) if address.port() == 0 => {
            bail!(
                "the configuration has the server listen at any free port: --server says at which"
            )
        }
        Listen::Tcp(address) => Ok(format!("http://{}", reachable(*address))),
        Listen::Unix(path) => bail!(
            "the configuration has the server listen at the socket {}, which this command does not speak to: --server \
             names a URL",
            path.display()
        ),
    }
}

/// A server that listens at every address is at this machine's own one too.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn usually_trusted(data_dir: &Path) -> Result<Vec<Trusted>, TrustError> {
    let mut trusted = trust::of_machine();
    let own = data_dir.join(SELF_SIGNED);
    if own.is_file() {
        trusted.extend(trust::of_file(&own)?);
    }
    Ok(trusted)
}

fn is_about_tls(problem: &ureq::Error) -> bool {
    let is_rustls = |problem: &io::Error| {
        problem
            .get_ref()
            .is_some_and(|inner| inner.is::<rustls::Error>())
    };
    let is_below = matches!(problem, ureq::Error::Io(problem) if is_rustls(problem));
    is_below || matches!(problem, ureq::Error::Rustls(_) | ureq::Error::Tls(_))
}

/// The certificate that `--tls-self-signed` keeps, below the data directory.
const SELF_SIGNED: &str = "tls/certificate.pem";
