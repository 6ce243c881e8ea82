//! How many tokens a client may have.

use serde::Serialize;
use utoipa::ToSchema;

/// How many tokens a client may have. It takes the place of the one before; null takes it away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenQuota {
    client_credentials: ClientCredentialsQuota,
}

/// How many tokens it may have for itself, in hours and days of UTC.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClientCredentialsQuota {
    /// Whether there are no more then. Where it is false, tokens are counted and told of only.
    #[schema(nullable = false, default = true)]
    enforce: Option<bool>,
    /// How many in an hour.
    #[schema(nullable = false, minimum = 1, maximum = 2_147_483_647)]
    per_hour: Option<u32>,
    /// How many in a day.
    #[schema(nullable = false, minimum = 1, maximum = 2_147_483_647)]
    per_day: Option<u32>,
}
