-- Who may ask, for what, under which keys; what was issued; what the rule chain was; what changed when.
-- Times are seconds since 1970-01-01 UTC. Lists and maps are JSON text.

CREATE TABLE clients (
    id          TEXT PRIMARY KEY NOT NULL,
    name        TEXT NOT NULL,
    auth_method TEXT NOT NULL,           -- 'secret' or 'none'
    grant_types TEXT NOT NULL,           -- ["client_credentials"]
    metadata    TEXT NOT NULL,           -- {"tier": "gold"}
    created_at  INTEGER NOT NULL
);

-- At most two are live per client, so that a secret can be rotated without a gap.
CREATE TABLE client_secrets (
    id         INTEGER PRIMARY KEY,
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL,            -- HMAC-SHA-256 under the installation's pepper
    created_at INTEGER NOT NULL,
    expires_at INTEGER                   -- NULL: until rotated away
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id);

CREATE TABLE apis (
    id             TEXT PRIMARY KEY NOT NULL,
    identifier     TEXT NOT NULL UNIQUE, -- what tokens carry as aud
    name           TEXT NOT NULL,
    scopes         TEXT NOT NULL,        -- [{"value": "read", "description": ""}]
    signing_alg    TEXT NOT NULL,        -- ES256, RS256 or EdDSA
    token_lifetime INTEGER NOT NULL,     -- seconds
    is_system      INTEGER NOT NULL,     -- 1 for the management API
    created_at     INTEGER NOT NULL
);

CREATE TABLE client_grants (
    id         TEXT PRIMARY KEY NOT NULL,
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    audience   TEXT NOT NULL REFERENCES apis (identifier) ON DELETE CASCADE ON UPDATE CASCADE,
    scope      TEXT NOT NULL,            -- ["read", "write"]
    created_at INTEGER NOT NULL,
    UNIQUE (client_id, audience)
);
CREATE INDEX client_grants_by_audience ON client_grants (audience);

CREATE TABLE signing_keys (
    kid        TEXT PRIMARY KEY NOT NULL, -- RFC 7638 thumbprint
    algorithm  TEXT NOT NULL,
    sealed     BLOB NOT NULL,             -- PKCS#8, sealed under the master key with the kid as label
    created_at INTEGER NOT NULL
);

-- Every write to the tables above leaves a row here in the same transaction; a running server reads what is new.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL
);

-- The rule chains that have been live, newest last.
CREATE TABLE generations (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    rules_dir  TEXT NOT NULL,
    cause      TEXT NOT NULL,
    rules      TEXT NOT NULL,             -- [{"name", "digest", "manifest"}]
    holds      TEXT,                      -- after a rollback: the digest of the directory it holds against
    created_at INTEGER NOT NULL
);

-- What a running server last said about itself, by topic, for commands that run beside it.
CREATE TABLE reports (
    topic      TEXT PRIMARY KEY NOT NULL,
    body       TEXT NOT NULL,
    updated_at INTEGER NOT NULL
);

-- What many tokens have in common, once.
CREATE TABLE ledger_contexts (
    id         INTEGER PRIMARY KEY,
    client_id  TEXT NOT NULL,
    grant_id   TEXT NOT NULL,
    audience   TEXT NOT NULL,
    scope      TEXT NOT NULL,             -- space-separated, as in the token
    kid        TEXT NOT NULL,             -- the key it was signed with
    generation INTEGER NOT NULL,          -- the rule chain that was live
    rules      TEXT NOT NULL,             -- the rules that ran: [{"name", "digest"}]
    UNIQUE (client_id, grant_id, audience, scope, kid, generation, rules)
);

-- One row for every token. It is written thousands of times a second: rows are short, and only appended. The one index
-- is over 8-byte numbers, because jtis are random and every page that an insert touches is a page to write.
CREATE TABLE ledger_tokens (
    id             INTEGER PRIMARY KEY,
    jti            TEXT NOT NULL,
    jti_key        INTEGER NOT NULL,      -- the first 8 bytes of the SHA-256 of the jti
    context_id     INTEGER NOT NULL,
    subject        TEXT,                  -- NULL: the client itself
    issued_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    steps          TEXT NOT NULL          -- per rule that ran: [outcome, microseconds, changes]
);
CREATE INDEX ledger_tokens_by_jti ON ledger_tokens (jti_key);
