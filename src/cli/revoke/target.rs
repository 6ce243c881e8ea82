//! What is to be revoked, as the command line says it.

use clap::Args;

use crate::revocation::{RevocationError, Revoker, Target};

/// One of these, or a token or a client together with an API.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(super) struct What {
    /// One token, by its jti; with --audience, only if it is for that API or that client.
    #[arg(long, value_name = "JTI", conflicts_with_all = ["client", "grant", "subject", "key", "rule"])]
    jti: Option<String>,
    /// Everything issued to a client; with --audience, only what is for that API.
    #[arg(long, value_name = "CLIENT_ID", conflicts_with_all = ["grant", "subject", "key", "rule"])]
    client: Option<String>,
    /// Everything issued under a client grant, by its id, even if it was deleted.
    #[arg(long, value_name = "ID", conflicts_with_all = ["audience", "subject", "key", "rule"])]
    grant: Option<String>,
    /// Everything that speaks for a subject (sub).
    #[arg(long, value_name = "SUBJECT", conflicts_with_all = ["audience", "key", "rule"])]
    subject: Option<String>,
    /// Everything issued for an API.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    /// Everything signed with a key.
    #[arg(long, value_name = "KID", conflicts_with_all = ["audience", "rule"])]
    key: Option<String>,
    /// Everything that a rule had its hands in, by its digest or the first 16 digits of it.
    #[arg(long, value_name = "DIGEST", conflicts_with = "audience")]
    rule: Option<String>,
}

impl What {
    /// What that is. A grant is looked up: tokens only know its client and its API.
    pub(super) async fn target(&self, revoker: &Revoker) -> Result<Target, RevocationError> {
        let audience = self.audience.clone();
        if let Some(jti) = self.jti.clone() {
            return Ok(Target::Token { jti, audience });
        }
        if let Some(grant) = &self.grant {
            return revoker.target_of_grant(grant).await;
        }
        Ok(match (self.client.clone(), audience) {
            (Some(client_id), Some(audience)) => Target::Grant {
                client_id,
                audience,
            },
            (Some(client_id), None) => Target::Client(client_id),
            (None, Some(audience)) => Target::Audience(audience),
            (None, None) => self.one_of_the_others()?,
        })
    }

    fn one_of_the_others(&self) -> Result<Target, RevocationError> {
        let others = [
            self.subject.clone().map(Target::Subject),
            self.key.clone().map(Target::Key),
            self.rule.clone().map(Target::Rule),
        ];
        let nothing = || RevocationError::Invalid("say what to revoke".to_owned());
        others.into_iter().flatten().next().ok_or_else(nothing)
    }
}
