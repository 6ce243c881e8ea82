-- What all scripts share: Auth0's `configuration`.
CREATE TABLE rules_configs (
    key        TEXT PRIMARY KEY NOT NULL,
    sealed     BLOB NOT NULL,              -- the value, sealed under the master key with the key's name in the label
    updated_at INTEGER NOT NULL
);
