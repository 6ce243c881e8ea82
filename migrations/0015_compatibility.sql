-- Which versions may use these tables: those whose newest migration is at least this one. A migration that only adds
-- leaves it; one after which older statements would fail, or mean something else, raises it to its own number.
CREATE TABLE compatibility (
    only_row      INTEGER PRIMARY KEY CHECK (only_row = 1),
    readable_from INTEGER NOT NULL
);
INSERT INTO compatibility (only_row, readable_from) VALUES (1, 15);
