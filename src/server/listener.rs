//! Sockets: TCP, with TLS or without, or Unix for a neighbour on the same machine.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls::Secured;
use crate::config::Listen;

/// How long a TLS handshake, and a request's head, may take from its first byte to its last.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Every socket that a server accepts connections on.
pub(super) struct Listeners {
    pub(super) plain: Listener,
    pub(super) secured: Option<Secured>,
}

/// A connection whose handshake, if it takes one, is still to come.
pub(super) enum Accepted {
    Plain(Stream),
    Secured(TcpStream, TlsAcceptor),
}

impl Listeners {
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        tokio::select! {
            accepted = self.plain.accept() => accepted.map(Accepted::Plain),
            accepted = self.accept_secured() => accepted,
        }
    }

    async fn accept_secured(&self) -> io::Result<Accepted> {
        let Some(secured) = &self.secured else {
            return std::future::pending().await;
        };
        let (stream, _) = secured.listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(Accepted::Secured(stream, secured.acceptor.clone()))
    }
}

impl Accepted {
    /// The connection that requests come on. A handshake has as long as a request's head.
    pub(super) async fn establish(self) -> io::Result<Stream> {
        match self {
            Self::Plain(stream) => Ok(stream),
            Self::Secured(stream, acceptor) => {
                let handshake = timeout(HEAD_TIMEOUT, acceptor.accept(stream)).await;
                let stream = handshake.map_err(|_| ErrorKind::TimedOut)??;
                Ok(Stream::Secured(Box::new(stream)))
            }
        }
    }
}

impl Stream {
    /// The address at the other end; a neighbour on this machine has none.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        let address = match self {
            Self::Tcp(stream) => stream.peer_addr(),
            Self::Secured(stream) => stream.get_ref().0.peer_addr(),
            Self::Unix(_) => return None,
        };
        address.ok().map(|address| address.ip().to_canonical())
    }
}

/// A socket that accepts connections.
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        #[expect(dead_code, reason = "it removes the path when the listener is dropped")]
        leftover: Leftover,
    },
}

/// A connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Secured(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

impl Listener {
    pub(super) async fn bind(to: &Listen) -> io::Result<Self> {
        match to {
            Listen::Tcp(address) => Ok(Self::Tcp(TcpListener::bind(address).await?)),
            Listen::Unix(path) => {
                remove_stale(path)?;
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
                let leftover = Leftover(path.clone());
                Ok(Self::Unix { listener, leftover })
            }
        }
    }

    /// The address it has, which for port 0 is not the one that was asked for.
    pub(super) fn address(&self) -> io::Result<Option<SocketAddr>> {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(Some),
            Self::Unix { .. } => Ok(None),
        }
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is one small write: nothing is gained by waiting for more.
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream))
            }
            Self::Unix { listener, .. } => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

/// The path of a Unix socket, which outlives the socket unless it is removed.
pub(super) struct Leftover(PathBuf);

impl Drop for Leftover {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0); // Somebody may have been quicker.
    }
}

/// Removes the socket of a server that is gone. Anything else at the path is left alone, and so is a link.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(()),
        Err(problem) => Err(problem),
        Ok(there) if !there.file_type().is_socket() => Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "there is something else at that path",
        )),
        Ok(_) => match BlockingUnixStream::connect(path) {
            Ok(_) => Err(io::Error::new(
                ErrorKind::AddrInUse,
                "another process listens there",
            )),
            Err(_) => fs::remove_file(path),
        },
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Secured(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Secured(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Secured(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Secured(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Secured(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }
}

/// The owner and its group.
const SOCKET_MODE: u32 = 0o660;
