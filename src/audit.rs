//! Who changes what, when and from where: what every write to the store says of itself.
//!
//! An [`Actor`] is made at the edge, by a management call, a command or the server itself, and travels down to the store,
//! which takes no change without one. There it becomes [`By`], and the change's entry in the audit log is written in
//! the same transaction.

mod difference;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

pub use difference::Difference;
pub(crate) use difference::value_of;

/// Who makes a change, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    kind: ActorKind,
    id: Arc<str>,
    peer: Option<IpAddr>,
    correlation_id: Option<Arc<str>>,
}

/// What kind of somebody makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// A client, by a token or its secret.
    Client,
    /// A user of the operating system, by a command.
    User,
    /// The server, by itself.
    Server,
}

impl ActorKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Server => "server",
        }
    }
}

impl Actor {
    /// A client.
    pub fn client(id: impl Into<Arc<str>>) -> Self {
        Self::of(ActorKind::Client, id)
    }

    /// A user of the operating system.
    pub fn user(name: impl Into<Arc<str>>) -> Self {
        Self::of(ActorKind::User, name)
    }

    /// The server, which does some things by itself.
    pub fn server() -> Self {
        Self::of(ActorKind::Server, "rulemint")
    }

    fn of(kind: ActorKind, id: impl Into<Arc<str>>) -> Self {
        Self {
            kind,
            id: id.into(),
            peer: None,
            correlation_id: None,
        }
    }

    /// The same, at this address.
    #[must_use]
    pub fn at(self, peer: Option<IpAddr>) -> Self {
        Self { peer, ..self }
    }

    /// The same in a call that its caller gave this name.
    #[must_use]
    pub fn in_call(self, correlation_id: Option<&str>) -> Self {
        Self {
            correlation_id: correlation_id.map(Arc::from),
            ..self
        }
    }

    /// What kind of somebody.
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The client id, or the user's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The address it came from; `None`: this machine.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The caller's own name for the call.
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// Signs a change that is made at this moment (Unix seconds).
    pub fn by(&self, at: i64) -> By<'_> {
        By { actor: self, at }
    }
}

/// For people, and for lists that have one column for it.
impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ActorKind::Client => out.write_str(&self.id),
            ActorKind::User => write!(out, "{} (command line)", self.id),
            ActorKind::Server => out.write_str("the server"),
        }
    }
}

/// Who makes a change, and when: what the store takes with every change.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Unix seconds.
    pub at: i64,
}

/// The address at the other end of a connection, as a request carries it.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);
