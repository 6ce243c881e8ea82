-- What was taken away again: single tokens, and everything that was issued before a cut-off.

CREATE TABLE revocations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: a token carries the newest cut-off's id
    kind          TEXT NOT NULL,           -- token, client, grant, subject, audience, key or rule
    value         TEXT NOT NULL,           -- the jti, client id, sub, aud, kid, or beginning of the digest
    audience      TEXT NOT NULL,           -- of a token or a grant; '' where it does not matter
    issued_before INTEGER,                 -- NULL: everything that was issued until then
    expires_at    INTEGER NOT NULL,        -- when the last token it can meet has expired
    reason        TEXT,
    actor         TEXT NOT NULL,           -- who did it
    created_at    INTEGER NOT NULL,
    undone_at     INTEGER,                 -- NULL: in force
    undone_by     TEXT
);
CREATE INDEX revocations_by_value ON revocations (value);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);
-- A token is on the list once.
CREATE UNIQUE INDEX revocations_of_tokens ON revocations (value, audience)
    WHERE kind = 'token' AND undone_at IS NULL;

-- Which clients are the APIs themselves: they may ask about tokens that were issued for them.
CREATE TABLE api_servers (
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    audience   TEXT NOT NULL REFERENCES apis (identifier) ON DELETE CASCADE ON UPDATE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, audience)
);
