-- Who changed what, when, from where: written in the transaction of the change it tells of, and only appended to.

CREATE TABLE audit (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at     INTEGER NOT NULL,
    actor_kind     TEXT NOT NULL,  -- client (of a token), user (of the operating system) or server (by itself)
    actor          TEXT NOT NULL,  -- the client id, or the user's name
    peer           TEXT,           -- the address it came from; NULL: this machine
    correlation_id TEXT,           -- the caller's own name for the call
    operation      TEXT NOT NULL,  -- add, update, delete, ...
    object_kind    TEXT NOT NULL,  -- client, api, grant, ...
    object_id      TEXT NOT NULL,
    before         TEXT,           -- what changed, as it was: {"name": "shop"}; NULL: there was nothing
    after          TEXT            -- the same as it is now; NULL: there is nothing any more
);
CREATE INDEX audit_by_actor ON audit (actor, id);
CREATE INDEX audit_by_object ON audit (object_kind, object_id, id);
CREATE INDEX audit_by_age ON audit (created_at);

-- The first entry that must stay. It only moves by an entry that says who moved it.
CREATE TABLE audit_kept (first INTEGER NOT NULL);
INSERT INTO audit_kept (first) VALUES (0);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.id >= (SELECT first FROM audit_kept)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
