-- The cut-off of a key that was revoked meets whatever was signed with it, also what a thief of the key signed and numbered
-- himself, and is never undone.
ALTER TABLE revocations ADD COLUMN final INTEGER NOT NULL DEFAULT 0;
UPDATE revocations SET final = 1
    WHERE kind = 'key' AND issued_before IS NULL AND undone_at IS NULL AND value IN (SELECT kid FROM revoked_keys);

-- Whoever keeps a copy of the list and does not know that yet begins again.
UPDATE revocation_feed SET id = lower(hex(randomblob(8))) WHERE EXISTS (SELECT 1 FROM revocations WHERE final = 1);
