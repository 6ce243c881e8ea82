-- Public keys of clients. Which of them a client proves itself by stands in its attributes, as Auth0's tools say it:
-- {"client_authentication_methods": {"private_key_jwt": {"credentials": [{"id": "cred_..."}]}}}; its auth_method is then
-- 'private_key_jwt'. A version that does not know that leaves such clients out: nobody gets in by it.
CREATE TABLE client_credentials (
    id         TEXT PRIMARY KEY NOT NULL, -- cred_...
    client_id  TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,             -- for people; '' where none was given
    kid        TEXT NOT NULL,             -- what assertions may name it by: given, or the RFC 7638 thumbprint
    algorithm  TEXT NOT NULL,             -- RS256, RS384, PS256, ES256 or EdDSA
    public_key BLOB NOT NULL,             -- in DER: SubjectPublicKeyInfo, or RSAPublicKey (RFC 8017)
    expires_at INTEGER,                   -- NULL: never
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (client_id, kid)
);
