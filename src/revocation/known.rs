//! Whether what is to be revoked is, or ever was, anything here: a typing mistake must not look like a cut-off.

use super::{RevocationError, Target};
use crate::store::{Store, StoreError};

/// Checks that the store, the ledger or the audit log knows what a revocation is about. A `jti` and a subject are not
/// checked: where no ledger is kept, nobody here knows them.
///
/// # Errors
/// When none of them does, or the store fails.
pub(super) async fn check_known(store: &Store, target: &Target) -> Result<(), RevocationError> {
    match target {
        Target::Token { .. } | Target::Subject(_) => Ok(()),
        Target::Client(id) => check_client(store, id).await,
        Target::Audience(identifier) => check_api(store, identifier).await,
        Target::Grant {
            client_id,
            audience,
        } => {
            check_client(store, client_id).await?;
            check_api(store, audience).await
        }
        Target::Key(kid) => check_key(store, kid).await,
        Target::Rule(digest) => check_rule(store, digest).await,
    }
}

async fn check_client(store: &Store, id: &str) -> Result<(), RevocationError> {
    let target = Target::Client(id.to_owned());
    if store.client(id).await?.is_some() || is_remembered(store, "client", &target).await? {
        return Ok(());
    }
    Err(unknown("client", id, store.clients_named(id).await?))
}

async fn check_api(store: &Store, identifier: &str) -> Result<(), RevocationError> {
    let target = Target::Audience(identifier.to_owned());
    // Tokens carry the identifier: the id that an API has beside it meets none.
    let found = store.api(identifier).await?;
    let is_there = found.is_some_and(|api| api.identifier == identifier);
    if is_there || is_remembered(store, "api", &target).await? {
        return Ok(());
    }
    Err(unknown(
        "API",
        identifier,
        store.apis_named(identifier).await?,
    ))
}

async fn check_key(store: &Store, kid: &str) -> Result<(), RevocationError> {
    let target = Target::Key(kid.to_owned());
    let signing = store.signing_keys().await?;
    let revoked = store.revoked_keys().await?;
    let is_there =
        signing.iter().any(|key| key.kid == kid) || revoked.iter().any(|key| key.kid == kid);
    if is_there || is_remembered(store, "signing_key", &target).await? {
        return Ok(());
    }
    Err(unknown("signing key", kid, Vec::new()))
}

async fn check_rule(store: &Store, digest: &str) -> Result<(), RevocationError> {
    let target = Target::Rule(digest.to_owned());
    if store.knows_rule(digest).await? || store.was_ever_issued(&target.met(None)).await? {
        return Ok(());
    }
    Err(unknown("rule with the digest", digest, Vec::new()))
}

/// Whether it is gone, and the audit log or the ledger still tells of it.
async fn is_remembered(store: &Store, told_as: &str, target: &Target) -> Result<bool, StoreError> {
    Ok(store.is_told_of(told_as, target.value()).await?
        || store.was_ever_issued(&target.met(None)).await?)
}

fn unknown(what: &'static str, id: &str, meant: Vec<String>) -> RevocationError {
    RevocationError::Unknown {
        what,
        id: id.to_owned(),
        meant,
    }
}
