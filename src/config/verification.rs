//! Verifying tokens for APIs and proxies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Verifying tokens.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Verification {
    /// So many tokens are kept after their signature was found good, at some 3 KB of memory each, so that the same token
    /// shown again costs less. Whether it has expired or was revoked is looked up all the same, each time. 0 keeps none.
    #[schemars(range(max = 1_000_000))]
    pub kept_tokens: usize,
}
