//! Writes revocations to the store. The command line and the endpoints call it; none of them has logic of its own.

use std::sync::Arc;

use super::known::check_known;
use super::{RevocationError, Revocations, Target};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::registry::LIFETIME_SECONDS_MAX;
use crate::store::{KeyRow, NewRevocationRow, RevocationRow, Store};

/// Revokes, takes back, and says what would be met. What it did is durable when its future resolves.
pub struct Revoker {
    store: Store,
    clock: Arc<dyn Clock>,
    entries_max: usize,
    /// What is in force in this process, if it is a server.
    in_force: Option<Arc<Revocations>>,
}

/// A revocation to be made.
#[derive(Clone, Debug)]
pub struct NewRevocation {
    /// Of what.
    pub target: Target,
    /// Only what was issued before this moment (Unix seconds). `None`: everything that was issued until now.
    pub issued_before: Option<i64>,
    /// When the token has expired (Unix seconds), if it is one and whoever revokes it knows.
    pub expires_at: Option<i64>,
    /// Why, for people.
    pub reason: Option<String>,
    /// Who does it.
    pub actor: Actor,
}

/// A revocation that was written.
#[derive(Clone, Debug)]
pub struct Gone {
    /// As it is stored.
    pub row: RevocationRow,
    /// The number of its change: a server that has taken in this one has it in force.
    pub change: i64,
}

impl From<(RevocationRow, i64)> for Gone {
    fn from((row, change): (RevocationRow, i64)) -> Self {
        Self { row, change }
    }
}

impl Revoker {
    /// The revoker of an installation, for commands beside a server.
    pub fn new(store: Store, clock: Arc<dyn Clock>, entries_max: usize) -> Self {
        Self {
            store,
            clock,
            entries_max,
            in_force: None,
        }
    }

    /// The same in a server: what it revokes token by token is in force there at once.
    #[must_use]
    pub fn in_server(self, revocations: Arc<Revocations>) -> Self {
        Self {
            in_force: Some(revocations),
            ..self
        }
    }

    /// Revokes.
    ///
    /// # Errors
    /// When something is not as it must be, there is no room left, or the store fails.
    pub async fn revoke(&self, new: NewRevocation) -> Result<Gone, RevocationError> {
        let actor = new.actor.clone();
        let row = self.checked(new).await?;
        let by = actor.by(self.now());
        let gone = Gone::from(self.store.add_revocation(&row, by).await?);
        // A cut-off comes in force through the change log, in order with the changes around it.
        if let (Some(in_force), "token") = (&self.in_force, row.kind) {
            in_force.take_in(&gone.row);
        }
        Ok(gone)
    }

    /// Deletes a client grant and everything that was issued under it, in one moment.
    ///
    /// # Errors
    /// When there is no such grant, or as for [`revoke`](Self::revoke).
    pub async fn delete_grant(
        &self,
        grant: &str,
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<Gone, RevocationError> {
        let found = self.store.grant(grant).await?;
        let found = found.ok_or_else(|| no_grant(grant))?;
        let new = NewRevocation {
            target: Target::Grant {
                client_id: found.client_id,
                audience: found.audience,
            },
            issued_before: None,
            expires_at: None,
            reason,
            actor: actor.clone(),
        };
        let row = self.checked(new).await?;
        let by = actor.by(self.now());
        let gone = self.store.delete_grant_and_revoke(grant, &row, by).await?;
        gone.map(Gone::from).ok_or_else(|| no_grant(grant))
    }

    /// Revokes a signing key and everything that was signed with it, in one moment. Where it was the one that signs or will, it
    /// is replaced, and the new key given here becomes the next one.
    ///
    /// # Errors
    /// When there is no such key, or as for [`revoke`](Self::revoke).
    pub async fn revoke_key(
        &self,
        (kid, instead): (&str, &KeyRow),
        reason: Option<String>,
        actor: &Actor,
    ) -> Result<Gone, RevocationError> {
        let new = NewRevocation {
            target: Target::Key(kid.to_owned()),
            issued_before: None,
            expires_at: None,
            reason,
            actor: actor.clone(),
        };
        let row = NewRevocationRow {
            is_final: true,
            ..self.checked(new).await?
        };
        let by = actor.by(self.now());
        let gone = self.store.revoke_key(kid, instead, (&row, by)).await?;
        gone.map(Gone::from)
            .ok_or_else(|| RevocationError::NotFound {
                what: "signing key",
                id: kid.to_owned(),
            })
    }

    /// Takes a revocation back: what it met and has not expired is good again.
    ///
    /// # Errors
    /// When there is none in force with that number, it is about a key that was revoked, or the store fails.
    pub async fn undo(&self, id: i64, actor: &Actor) -> Result<Gone, RevocationError> {
        let by = actor.by(self.now());
        let undone = self.store.undo_revocation(id, by).await?;
        let gone = match undone {
            Some(undone) => Gone::from(undone),
            None => return Err(self.why_not_undone(id).await?),
        };
        if let (Some(in_force), "token") = (&self.in_force, gone.row.kind.as_str()) {
            in_force.take_in(&gone.row);
        }
        Ok(gone)
    }

    async fn why_not_undone(&self, id: i64) -> Result<RevocationError, RevocationError> {
        let found = self.store.revocation(id).await?;
        Ok(match found {
            Some(row) if row.is_final => RevocationError::Final { id, kid: row.value },
            _ => RevocationError::NotFound {
                what: "revocation in force with the number",
                id: id.to_string(),
            },
        })
    }

    /// Checks that what is to be revoked is something here, or was.
    pub(super) async fn check_known(&self, target: &Target) -> Result<(), RevocationError> {
        check_known(&self.store, target).await
    }

    /// What a grant stands for, whether it is still there, or the ledger or the audit log remembers it.
    ///
    /// # Errors
    /// When nobody knows the grant, or the store fails.
    pub async fn target_of_grant(&self, grant: &str) -> Result<Target, RevocationError> {
        let known = match self.store.grant(grant).await? {
            Some(row) => Some((row.client_id, row.audience)),
            None => match self.store.issued_under(grant).await? {
                None => self.store.grant_told_of(grant).await?,
                known => known,
            },
        };
        let unknown = || RevocationError::UnknownGrant(grant.to_owned());
        let (client_id, audience) = known.ok_or_else(unknown)?;
        Ok(Target::Grant {
            client_id,
            audience,
        })
    }

    /// How many tokens on record that have not expired a revocation would meet, and whether any ever was.
    ///
    /// # Errors
    /// When something is not as it must be, or the store fails.
    pub async fn would_meet(
        &self,
        target: &Target,
        issued_before: Option<i64>,
    ) -> Result<(i64, bool), RevocationError> {
        let target = target.clone().checked()?;
        let now = self.now();
        let count = self
            .store
            .unexpired(&target.met(issued_before), now)
            .await?;
        let ever = count > 0 || self.store.was_ever_issued(&target.met(None)).await?;
        Ok((count, ever))
    }

    async fn checked(&self, new: NewRevocation) -> Result<NewRevocationRow, RevocationError> {
        let now = self.now();
        if new.issued_before.is_some_and(|before| before > now) {
            let why = "a cut-off does not lie ahead; to keep new tokens from being issued, delete the client's grant";
            return Err(RevocationError::Invalid(why.to_owned()));
        }
        let target = new.target.checked()?;
        let row = NewRevocationRow {
            kind: target.kind(),
            value: target.value().to_owned(),
            audience: target.audience().to_owned(),
            issued_before: new.issued_before,
            expires_at: match new.expires_at {
                Some(known) => known,
                None => self.expiry(&target, now).await?,
            },
            reason: checked_reason(new.reason)?,
            is_final: false,
        };
        self.check_room(&row).await?;
        Ok(row)
    }

    /// The token's own expiry where the ledger knows it, else the longest lifetime that any token has.
    async fn expiry(&self, target: &Target, now: i64) -> Result<i64, RevocationError> {
        let longest = now + i64::from(LIFETIME_SECONDS_MAX);
        let Target::Token { jti, .. } = target else {
            return Ok(longest);
        };
        Ok(self.store.expiry_of(jti).await?.unwrap_or(longest))
    }

    async fn check_room(&self, row: &NewRevocationRow) -> Result<(), RevocationError> {
        let count = match &self.in_force {
            Some(in_force) => in_force.len(),
            None => usize::try_from(self.store.revocation_count().await?).unwrap_or(usize::MAX),
        };
        if count >= self.entries_max {
            let max = self.entries_max;
            return Err(RevocationError::Full { count, max });
        }
        let about_it = match row.kind {
            "token" => 0,
            _ => self.store.cutoff_count(row).await?,
        };
        match about_it < CUTOFFS_OF_ONE_MAX {
            true => Ok(()),
            false => Err(RevocationError::TooManyCutoffs {
                max: usize::try_from(CUTOFFS_OF_ONE_MAX).unwrap_or_default(),
            }),
        }
    }

    fn now(&self) -> i64 {
        self.clock.unix_seconds().cast_signed()
    }

    /// What is revoked, in force or not, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        before: i64,
        count: u32,
        undone: bool,
    ) -> Result<Vec<RevocationRow>, RevocationError> {
        Ok(self.store.revocations_before(before, count, undone).await?)
    }
}

fn no_grant(id: &str) -> RevocationError {
    RevocationError::NotFound {
        what: "grant",
        id: id.to_owned(),
    }
}

fn checked_reason(reason: Option<String>) -> Result<Option<String>, RevocationError> {
    let fits = |text: &String| {
        text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control)
    };
    match reason {
        Some(text) if !fits(&text) => Err(RevocationError::Invalid(format!(
            "a reason is at most {REASON_CHARS_MAX} characters, none a control character"
        ))),
        other => Ok(other.filter(|text| !text.is_empty())),
    }
}

const REASON_CHARS_MAX: usize = 500;
/// Every cut-off about the same client, API … is asked for each of its tokens.
const CUTOFFS_OF_ONE_MAX: i64 = 64;
