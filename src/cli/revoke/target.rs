//! What is to be revoked, as the command line says it.

use clap::Args;

use crate::revocation::{RevocationError, Revoker, Target, TargetNames};

/// One of these, or a token or a client together with an API.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct What {
    /// One token, by its jti; with --audience, only if it is for that API or that client.
    #[arg(long, value_name = "JTI", allow_hyphen_values = true, conflicts_with_all = ["client", "grant", "subject", "key", "rule"])]
    jti: Option<String>,
    /// Everything issued to a client; with --audience, only what is for that API.
    #[arg(long, value_name = "CLIENT_ID", conflicts_with_all = ["grant", "subject", "key", "rule"])]
    client: Option<String>,
    /// Everything issued under a client grant, by its id, even if it was deleted.
    #[arg(long, value_name = "ID", conflicts_with_all = ["audience", "subject", "key", "rule"])]
    grant: Option<String>,
    /// Everything that speaks for a subject (sub).
    #[arg(long, value_name = "SUBJECT", allow_hyphen_values = true, conflicts_with_all = ["audience", "key", "rule"])]
    subject: Option<String>,
    /// Everything issued for an API.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    /// Everything signed with a key, by its kid, which may begin with a dash.
    #[arg(long, value_name = "KID", allow_hyphen_values = true, conflicts_with_all = ["audience", "rule"])]
    key: Option<String>,
    /// Everything that a rule had its hands in, by its digest or the first 16 digits of it.
    #[arg(long, value_name = "DIGEST", conflicts_with = "audience")]
    rule: Option<String>,
}

impl What {
    /// What that is.
    pub(super) async fn target(
        &self,
        anyway: bool,
        revoker: &Revoker,
    ) -> Result<Target, RevocationError> {
        let names = TargetNames {
            jti: self.jti.clone(),
            client_id: self.client.clone(),
            grant_id: self.grant.clone(),
            subject: self.subject.clone(),
            audience: self.audience.clone(),
            key: self.key.clone(),
            rule: self.rule.clone(),
            anyway,
        };
        names.target(revoker).await
    }
}
