-- The blacklist is read page by page, the oldest first.
CREATE INDEX revocations_by_age ON revocations (created_at, id);
