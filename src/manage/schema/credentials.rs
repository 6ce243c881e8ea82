//! What is in bodies and answers about clients' public keys.

#![expect(
    dead_code,
    reason = "bodies are read member by member: this is what their senders are told"
)]

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Which credential is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in crate::manage) struct ClientCredentialPath {
    /// The client id.
    id: String,
    /// The credential's id: `cred_…`
    credential_id: String,
}

/// A public key that is added to a client.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct ClientCredentialCreate {
    credential_type: CredentialType,
    /// A name for people.
    #[schema(max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    name: Option<String>,
    /// The public key in PEM: SubjectPublicKeyInfo, PKCS#1, or an X.509 certificate with it.
    #[schema(max_length = 16_384)]
    pem: String,
    /// What it checks; what is usual for such a key where nothing is said: `RS256`, `ES256` or `EdDSA`.
    alg: Option<CredentialAlgorithm>,
    /// What assertions name it by; its RFC 7638 thumbprint where nothing is said.
    #[schema(pattern = "^[0-9a-zA-Z_-]{10,64}$")]
    kid: Option<String>,
    /// Whether it ends when the certificate in `pem` does.
    parse_expiry_from_cert: Option<bool>,
    /// When it ends (RFC 3339); this goes before what a certificate says.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// What changes in a client's public key.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct ClientCredentialUpdate {
    /// When it ends (RFC 3339); null: never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A client's public key. The key itself is not shown: its kid tells which it is.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct ClientCredential {
    id: String,
    name: String,
    kid: String,
    alg: CredentialAlgorithm,
    credential_type: CredentialType,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339.
    updated_at: String,
    /// RFC 3339.
    #[schema(nullable = false)]
    expires_at: Option<String>,
}

/// The one kind of credential that there is here.
#[derive(Serialize, ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::manage) enum CredentialType {
    PublicKey,
}

/// What a client signs with. Auth0 knows the first three.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) enum CredentialAlgorithm {
    #[schema(rename = "RS256")]
    Rs256,
    #[schema(rename = "RS384")]
    Rs384,
    #[schema(rename = "PS256")]
    Ps256,
    #[schema(rename = "ES256")]
    Es256,
    #[schema(rename = "EdDSA")]
    EdDsa,
}

/// That a client proves itself by keys that it has.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct ClientAuthenticationMethods {
    private_key_jwt: PrivateKeyJwt,
}

/// The credentials by which a client proves itself: any one of them will do.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct PrivateKeyJwt {
    #[schema(min_items = 1, max_items = 4)]
    credentials: Vec<CredentialId>,
}

/// A credential of the client.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct CredentialId {
    id: String,
}

/// That a new client proves itself by keys that it comes with.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct NewClientAuthenticationMethods {
    private_key_jwt: NewPrivateKeyJwt,
}

/// The credentials that a new client has, and proves itself by.
#[derive(Serialize, ToSchema)]
pub(in crate::manage) struct NewPrivateKeyJwt {
    #[schema(min_items = 1, max_items = 4)]
    credentials: Vec<ClientCredentialCreate>,
}
