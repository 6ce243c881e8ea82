-- Each algorithm has a key that signs (current) and one that will (next), which verifiers know early; those that signed before
-- (previous) stay until the last token under them has expired.
ALTER TABLE signing_keys ADD COLUMN state TEXT NOT NULL DEFAULT 'current';
ALTER TABLE signing_keys ADD COLUMN current_since INTEGER;  -- NULL: not yet
ALTER TABLE signing_keys ADD COLUMN current_until INTEGER;  -- NULL: it is, or not yet
ALTER TABLE signing_keys ADD COLUMN certificate BLOB;       -- X.509 in DER, for tools that read keys so; NULL: not made yet
UPDATE signing_keys SET current_since = created_at;

-- What is left of a key that was revoked: its private half is gone.
CREATE TABLE revoked_keys (
    kid           TEXT PRIMARY KEY NOT NULL,
    algorithm     TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    current_since INTEGER,
    current_until INTEGER,
    certificate   BLOB,
    revoked_at    INTEGER NOT NULL
);
