-- What APIs that check offline go by.

-- Which list of revocations this is: a place in another one means nothing here.
CREATE TABLE revocation_feed (
    id TEXT NOT NULL
);
INSERT INTO revocation_feed (id) VALUES (lower(hex(randomblob(8))));

-- Where a revocation stands in the order of changes: the number of its newest one. Those from before there was such an
-- order stand before all others.
ALTER TABLE revocations ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE revocations SET changed = id - (SELECT MAX(id) FROM revocations);
CREATE INDEX revocations_by_change ON revocations (changed);
