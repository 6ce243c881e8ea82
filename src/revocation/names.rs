//! What is to be revoked, as people and programs name it: by one of several names, or two that go together.

use super::{RevocationError, Revoker, Target};

/// The names that were given.
#[derive(Clone, Debug, Default)]
pub struct TargetNames {
    /// One token; with an audience, only if it is for that API or that client.
    pub jti: Option<String>,
    /// Everything issued to a client; with an audience, only what is for that API.
    pub client_id: Option<String>,
    /// Everything issued under a client grant, by its id, even if it was deleted.
    pub grant_id: Option<String>,
    /// Everything that speaks for a subject.
    pub subject: Option<String>,
    /// Everything issued for an API.
    pub audience: Option<String>,
    /// Everything signed with a key.
    pub key: Option<String>,
    /// Everything that a rule had its hands in, by the beginning of its digest.
    pub rule: Option<String>,
    /// Even if nobody here knows the client, API, key or rule.
    pub anyway: bool,
}

impl TargetNames {
    /// What they name. A grant is looked up: tokens only know its client and its API.
    ///
    /// # Errors
    /// When they name nothing or do not go together, nobody knows what they name, or the store fails.
    pub async fn target(self, revoker: &Revoker) -> Result<Target, RevocationError> {
        let anyway = self.anyway;
        let target = self.named(revoker).await?.checked()?;
        if !anyway {
            revoker.check_known(&target).await?;
        }
        Ok(target)
    }

    async fn named(self, revoker: &Revoker) -> Result<Target, RevocationError> {
        let audience = self.audience;
        let others = [
            (self.subject.map(Target::Subject)),
            (self.key.map(Target::Key)),
            (self.rule.map(Target::Rule)),
        ];
        let mut others = others.into_iter().flatten();
        let named = (self.jti, self.client_id, self.grant_id, others.next());
        let target = match (named, audience) {
            ((Some(jti), None, None, None), audience) => Target::Token { jti, audience },
            ((None, Some(client_id), None, None), None) => Target::Client(client_id),
            ((None, Some(client_id), None, None), Some(audience)) => Target::Grant {
                client_id,
                audience,
            },
            ((None, None, Some(grant), None), None) => revoker.target_of_grant(&grant).await?,
            ((None, None, None, Some(other)), None) => other,
            ((None, None, None, None), Some(audience)) => Target::Audience(audience),
            _ => return Err(unclear()),
        };
        match others.next() {
            None => Ok(target),
            Some(_) => Err(unclear()),
        }
    }
}

fn unclear() -> RevocationError {
    let text = "say what to revoke by one of jti, client_id, grant_id, subject, audience, key and rule; \
                only jti and client_id go together with audience";
    RevocationError::Invalid(text.to_owned())
}
