//! Each path once, for the router, the metadata and the tests.

/// RFC 6749 section 3.2.
pub(super) const TOKEN: &str = crate::config::TOKEN_PATH;
/// RFC 7662 section 2.
pub(super) const INTROSPECT: &str = "/oauth/introspect";
/// RFC 7009 section 2.
pub(super) const REVOKE: &str = "/oauth/revoke";
/// For proxies that ask before they let a request through.
pub(super) const VERIFY: &str = "/verify";
/// For APIs that keep a copy of what is revoked.
pub(super) const REVOCATIONS: &str = "/revocations";
/// draft-ietf-oauth-status-list section 8.1.
pub(super) const STATUS_LIST: &str = "/status-lists/{id}";
/// RFC 7517 section 5.
pub(super) const JWKS: &str = "/.well-known/jwks.json";
/// RFC 8414 section 3.
pub(super) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
/// The same document where OpenID Connect clients look for it.
pub(super) const OPENID_METADATA: &str = "/.well-known/openid-configuration";
/// The process is alive.
pub(super) const HEALTH: &str = "/healthz";
/// The server can do its work.
pub(super) const READY: &str = "/readyz";
/// For Prometheus.
pub(super) const METRICS: &str = "/metrics";
/// The description of the management API.
pub(super) const OPENAPI: &str = "/openapi.json";
/// The same for people.
pub(super) const REFERENCE: &str = "/docs";
/// What the page for people runs.
pub(super) const REFERENCE_SCRIPT: &str = "/docs/redoc.js";
/// Below which the management API is; a slash at the end is no call of it.
pub(super) const MANAGEMENT_ROOT: &str = "/api/v2/";
