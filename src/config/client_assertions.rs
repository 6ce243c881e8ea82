//! Clients that prove themselves by a signature.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Clients that prove themselves by a signature (`private_key_jwt`, RFC 7523).
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAssertions {
    /// Take assertions whose `aud` is the URL of the token endpoint, as older libraries send it, too. Without this it is the
    /// issuer and nothing else: an assertion that was meant for another server can then not be shown here.
    pub accept_token_endpoint: bool,
}
