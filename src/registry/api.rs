//! An API as the token path sees it.

use std::str::FromStr;
use std::sync::Arc;

use tracing::warn;

use crate::claims::Scope;
use crate::keys::Algorithm;
use crate::store::ApiRow;

/// An API that tokens are issued for (a resource server, in the standards' words).
#[derive(Debug)]
pub struct Api {
    /// What tokens carry as `aud`.
    pub identifier: Arc<str>,
    /// The scopes it knows.
    pub scope: Scope,
    /// How its tokens are signed.
    pub algorithm: Algorithm,
    /// How long its tokens live, in seconds.
    pub lifetime: u32,
    /// Whether its tokens have a place on a status list.
    pub status_list: bool,
    /// Whether it is the management API of this server. Rules do not run for its tokens: a bad rule must not lock out
    /// whoever could take it away.
    pub is_system: bool,
}

/// An API's place in the registry; `None` where the row holds what this version does not understand.
pub(super) fn entry(row: &ApiRow) -> Option<(Arc<str>, Arc<Api>)> {
    let scope = Scope::from_values(row.scopes.iter().map(|scope| scope.value.as_str()));
    let algorithm = Algorithm::from_str(&row.signing_alg);
    let (Ok(scope), Ok(algorithm)) = (scope, algorithm) else {
        warn!(
            api = row.identifier,
            "this API was written by a newer rulemint and is left out"
        );
        return None;
    };
    let identifier: Arc<str> = row.identifier.as_str().into();
    let api = Api {
        identifier: Arc::clone(&identifier),
        scope,
        algorithm,
        lifetime: u32::try_from(row.token_lifetime).unwrap_or(LIFETIME_SECONDS_DEFAULT),
        status_list: row.status_list,
        is_system: row.is_system,
    };
    Some((identifier, Arc::new(api)))
}

/// One day.
pub const LIFETIME_SECONDS_DEFAULT: u32 = 86_400;
/// Thirty days: what must live longer should be asked for again.
pub const LIFETIME_SECONDS_MAX: u32 = 2_592_000;
