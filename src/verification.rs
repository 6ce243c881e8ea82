//! Says whether a token of this server is good at this moment: signature, issuer, time, and that nobody took it away.

mod kept;

use std::sync::Arc;

pub use kept::KeptTokens;

use crate::clock::Clock;
use crate::live::{Live, LiveHandle};
use crate::revocation::Stale;
use crate::sign::{self, NotOurs, OwnToken};

/// A token that is good. Only [`Verifier::verify`] makes one.
#[derive(Clone, Debug)]
pub struct GoodToken(OwnToken);

impl GoodToken {
    /// What it says.
    pub fn token(&self) -> &OwnToken {
        &self.0
    }
}

/// Verifies tokens from memory; the store is never asked.
pub struct Verifier {
    /// What is in force.
    pub live: Arc<LiveHandle>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whose signatures need no checking again, where some are kept.
    pub kept: Option<KeptTokens>,
}

impl Verifier {
    /// Verifies a token.
    ///
    /// # Errors
    /// When it is not good, or nobody can say.
    pub fn verify(&self, jwt: &str) -> Result<GoodToken, NotGood> {
        self.verify_in(jwt, &self.live.load())
    }

    /// The same against the state that the caller goes by.
    ///
    /// # Errors
    /// As for [`verify`](Self::verify).
    pub fn verify_in(&self, jwt: &str, live: &Live) -> Result<GoodToken, NotGood> {
        live.revocations.check_fresh(self.clock.monotonic())?;
        let token = self.check(jwt, live)?;
        match live.revocations.meets(&token.bearing()) {
            true => Err(NotGood::Revoked),
            false => Ok(GoodToken(token)),
        }
    }

    /// Checks that a token is one of this server's and has not expired. It may have been taken away.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self, jwt: &str, live: &Live) -> Result<OwnToken, NotOurs> {
        let (now, issuer) = (self.clock.unix_seconds(), live.issuer.as_str());
        let known = self
            .kept
            .as_ref()
            .and_then(|kept| kept.find(jwt, &live.keys));
        if let Some(known) = known {
            return sign::check_claims(known, issuer, now);
        }
        let authentic = Arc::new(sign::check_signature(jwt, &live.keys)?);
        let token = sign::check_claims(Arc::clone(&authentic), issuer, now)?;
        if let Some(kept) = &self.kept {
            kept.keep(jwt, authentic, &live.keys);
        }
        Ok(token)
    }
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum NotGood {
    /// It is not one of this server's, or has expired.
    #[error(transparent)]
    NotOurs(#[from] NotOurs),
    /// It was taken away.
    #[error("it was revoked")]
    Revoked,
    /// Revocations may have been missed.
    #[error(transparent)]
    Unknown(#[from] Stale),
}
