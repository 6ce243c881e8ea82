-- What APIs that check offline go by.

-- Which list of revocations this is: a place in another one means nothing here.
CREATE TABLE revocation_feed (
    id TEXT NOT NULL
);
INSERT INTO revocation_feed (id) VALUES (lower(hex(randomblob(8))));

-- Where a revocation stands in the order of changes: the number of its newest one. Those from before there was such an
-- order stand before all others; 0 is of a version that does not know it.
ALTER TABLE revocations ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
UPDATE revocations SET changed = id - 1 - (SELECT MAX(id) FROM revocations);
CREATE INDEX revocations_by_change ON revocations (changed);

-- Tokens of an API with status lists have a place on one, which says whether they are revoked.
ALTER TABLE apis ADD COLUMN status_list INTEGER NOT NULL DEFAULT 0;

CREATE TABLE status_lists (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,      -- the end of its address
    audience   TEXT NOT NULL,             -- no reference: tokens outlive their API
    seed       BLOB NOT NULL,             -- the order of its places follows from it
    reserved   INTEGER NOT NULL,          -- so many places, in that order, are handed out, or may be
    lifetime   INTEGER NOT NULL,          -- the longest that a token on it lives, in seconds
    closed_at  INTEGER,                   -- NULL: places are handed out
    created_at INTEGER NOT NULL
);

ALTER TABLE ledger_tokens ADD COLUMN status INTEGER;   -- its list's number * 2^20 + its place; NULL: it has none
ALTER TABLE ledger_tokens ADD COLUMN cutoff INTEGER;   -- the newest cut-off that it knows; NULL: it is on no list
-- In the order of writing: places are random, and an index of them would touch a page of its own for each token.
CREATE INDEX ledger_tokens_by_list ON ledger_tokens (status >> 20, id) WHERE status IS NOT NULL;
