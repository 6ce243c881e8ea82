//! What a management token may be for: Auth0's names, and ours for what Auth0 never had.

/// Look at clients.
pub const READ_CLIENTS: &str = "read:clients";
/// Add clients.
pub const CREATE_CLIENTS: &str = "create:clients";
/// Change clients.
pub const UPDATE_CLIENTS: &str = "update:clients";
/// Delete clients.
pub const DELETE_CLIENTS: &str = "delete:clients";
/// See a client's secret in the one answer that has it.
pub const READ_CLIENT_KEYS: &str = "read:client_keys";
/// Give a client a new secret.
pub const UPDATE_CLIENT_KEYS: &str = "update:client_keys";
/// Look at clients' public keys.
pub const READ_CLIENT_CREDENTIALS: &str = "read:client_credentials";
/// Add public keys to clients.
pub const CREATE_CLIENT_CREDENTIALS: &str = "create:client_credentials";
/// Change clients' public keys, and which of them a client proves itself by.
pub const UPDATE_CLIENT_CREDENTIALS: &str = "update:client_credentials";
/// Delete clients' public keys.
pub const DELETE_CLIENT_CREDENTIALS: &str = "delete:client_credentials";
/// Look at APIs.
pub const READ_RESOURCE_SERVERS: &str = "read:resource_servers";
/// Add APIs.
pub const CREATE_RESOURCE_SERVERS: &str = "create:resource_servers";
/// Change APIs.
pub const UPDATE_RESOURCE_SERVERS: &str = "update:resource_servers";
/// Delete APIs.
pub const DELETE_RESOURCE_SERVERS: &str = "delete:resource_servers";
/// Look at client grants.
pub const READ_CLIENT_GRANTS: &str = "read:client_grants";
/// Add client grants.
pub const CREATE_CLIENT_GRANTS: &str = "create:client_grants";
/// Change client grants.
pub const UPDATE_CLIENT_GRANTS: &str = "update:client_grants";
/// Delete client grants.
pub const DELETE_CLIENT_GRANTS: &str = "delete:client_grants";
/// Look at rules.
pub const READ_RULES: &str = "read:rules";
/// Add rules.
pub const CREATE_RULES: &str = "create:rules";
/// Change rules.
pub const UPDATE_RULES: &str = "update:rules";
/// Delete rules.
pub const DELETE_RULES: &str = "delete:rules";
/// Look at the names of what all scripts share.
pub const READ_RULES_CONFIGS: &str = "read:rules_configs";
/// Set what all scripts share.
pub const UPDATE_RULES_CONFIGS: &str = "update:rules_configs";
/// Delete what all scripts share.
pub const DELETE_RULES_CONFIGS: &str = "delete:rules_configs";
/// Look at signing keys.
pub const READ_SIGNING_KEYS: &str = "read:signing_keys";
/// Rotate and revoke signing keys.
pub const CREATE_SIGNING_KEYS: &str = "create:signing_keys";
/// Rotate and revoke signing keys.
pub const UPDATE_SIGNING_KEYS: &str = "update:signing_keys";
/// Ask about any token, whoever it was issued to.
pub const INTROSPECT_TOKENS: &str = "introspect:tokens";

/// Read the list of everything that is revoked.
pub const READ_REVOCATIONS: &str = "read:revocations";
/// Look at blacklisted tokens, and add to them.
pub const BLACKLIST_TOKENS: &str = "blacklist:tokens";

/// Issue tokens for any subject.
pub const ISSUE_TOKENS: &str = "issue:tokens";
/// Look at the record of issued tokens.
pub const READ_TOKENS: &str = "read:tokens";
/// Look at revocations.
pub const READ_CUTOFFS: &str = "read:cutoffs";
/// Revoke.
pub const CREATE_CUTOFFS: &str = "create:cutoffs";
/// Take revocations back.
pub const DELETE_CUTOFFS: &str = "delete:cutoffs";
/// Read the audit log.
pub const READ_AUDIT: &str = "read:audit";
/// Read the state of the server.
pub const READ_STATUS: &str = "read:status";

/// Every scope of the management API, with what it lets its bearer do.
pub const ALL: &[(&str, &str)] = &[
    (READ_CLIENTS, "Look at clients"),
    (CREATE_CLIENTS, "Add clients"),
    (UPDATE_CLIENTS, "Change clients"),
    (DELETE_CLIENTS, "Delete clients"),
    (READ_CLIENT_KEYS, "See the secret of a client that is added"),
    (UPDATE_CLIENT_KEYS, "Give clients new secrets"),
    (READ_CLIENT_CREDENTIALS, "Look at clients' public keys"),
    (CREATE_CLIENT_CREDENTIALS, "Add public keys to clients"),
    (
        UPDATE_CLIENT_CREDENTIALS,
        "Change clients' public keys, and which of them a client proves itself by",
    ),
    (DELETE_CLIENT_CREDENTIALS, "Delete clients' public keys"),
    (READ_RESOURCE_SERVERS, "Look at APIs"),
    (CREATE_RESOURCE_SERVERS, "Add APIs"),
    (UPDATE_RESOURCE_SERVERS, "Change APIs"),
    (DELETE_RESOURCE_SERVERS, "Delete APIs"),
    (READ_CLIENT_GRANTS, "Look at client grants"),
    (CREATE_CLIENT_GRANTS, "Add client grants"),
    (UPDATE_CLIENT_GRANTS, "Change client grants"),
    (DELETE_CLIENT_GRANTS, "Delete client grants"),
    (READ_RULES, "Look at rules"),
    (CREATE_RULES, "Add rules"),
    (UPDATE_RULES, "Change rules"),
    (DELETE_RULES, "Delete rules"),
    (
        READ_RULES_CONFIGS,
        "Look at the names of what all scripts share",
    ),
    (UPDATE_RULES_CONFIGS, "Set what all scripts share"),
    (READ_SIGNING_KEYS, "Look at signing keys"),
    (CREATE_SIGNING_KEYS, "Rotate and revoke signing keys"),
    (UPDATE_SIGNING_KEYS, "Rotate and revoke signing keys"),
    (DELETE_RULES_CONFIGS, "Delete what all scripts share"),
    (
        BLACKLIST_TOKENS,
        "Look at blacklisted tokens and add to them",
    ),
    (INTROSPECT_TOKENS, "Ask about any token"),
    (READ_REVOCATIONS, "Read what is revoked, for every API"),
    (ISSUE_TOKENS, "Issue tokens for any subject"),
    (READ_TOKENS, "Look at the record of issued tokens"),
    (READ_CUTOFFS, "Look at revocations"),
    (CREATE_CUTOFFS, "Revoke everything issued before a moment"),
    (DELETE_CUTOFFS, "Take revocations back"),
    (READ_AUDIT, "Read the record of changes"),
    (READ_STATUS, "Read the state of the server"),
];
