//! `rulemint key`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Context;
use super::access::Access;
use super::output::moment;
use super::revoke::{until_in_force, would_meet};
use crate::keys::{Algorithm, KEY_SET_SECONDS};
use crate::registry::{Hasty, KeyStanding};
use crate::revocation::Target;

#[derive(Subcommand)]
pub(super) enum KeyCommand {
    /// List the signing keys: those that sign, that will, that did, and that were revoked.
    List,
    /// Sign with the next key from now on. What was signed before stays good until it expires.
    ///
    /// Shows the key that signs now and the one that is next, which is published already. Let five minutes pass between two
    /// rotations: so long verifiers may keep the key set.
    Rotate {
        /// Only that of one algorithm: ES256, RS256 or EdDSA [default: of every algorithm that is in use].
        #[arg(long, value_name = "ALGORITHM")]
        algorithm: Option<Algorithm>,
    },
    /// Revoke a key: everything that was signed with it is good for nothing, at once. It cannot be undone.
    ///
    /// It is for a key that somebody else may have. For one that stays in use there is `rulemint revoke --key`, which can be undone.
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Revoke {
    /// Its kid, as `key list` shows it. It may begin with a dash.
    #[arg(allow_hyphen_values = true)]
    kid: String,
    /// Why, for people.
    #[arg(long)]
    reason: Option<String>,
    /// Only say how many tokens it would meet.
    #[arg(long)]
    dry_run: bool,
}

impl KeyCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let access = Access::look(context).await?;
        match self {
            Self::List => show(&access.registrar.keys().await?, context),
            Self::Rotate { algorithm } => {
                let rotation = access.registrar.rotate_keys(algorithm).await?;
                let change = access.store.newest_key_change().await?;
                until_in_force(&access, change).await?;
                show(&[rotation.current, rotation.next].concat(), context);
                rotation.hasty.iter().for_each(|key| warn(key, context));
            }
            Self::Revoke(revoke) => revoke.run(&access, context).await?,
        }
        Ok(())
    }
}

impl Revoke {
    async fn run(self, access: &Access, context: &Context<'_>) -> anyhow::Result<()> {
        let kid = &self.kid;
        let target = Target::Key(kid.clone());
        let (count, _) = access.revoker.would_meet(&target, None).await?;
        if self.dry_run {
            access.registrar.key_in_use(kid).await?;
            return would_meet(context, count);
        }
        let instead = access.registrar.key_instead_of(kid).await?;
        let revoking = (kid.as_str(), &instead);
        let revoked = access
            .revoker
            .revoke_key(revoking, self.reason, &access.actor);
        until_in_force(access, revoked.await?.change).await?;
        let done = format!(
            "key {kid} is revoked, with every token under it ({count} that had not expired), also in a server that is running. \
             This cannot be undone"
        );
        context.output.done(done);
        Ok(())
    }
}

fn warn(Hasty { kid, known_at }: &Hasty, context: &Context<'_>) {
    let known_at = moment(*known_at);
    context.output.remark(format!(
        "whoever verifies tokens may keep the key set for {KEY_SET_SECONDS} s: until {known_at} some may not know the key \
         {kid}, which signs now, and refuse its tokens. Let five minutes pass between two rotations"
    ));
}

fn show(keys: &[KeyStanding], context: &Context<'_>) {
    let keys: Vec<Value> = keys.iter().map(key_json).collect();
    let head = &["KID", "ALGORITHM", "STATE", "SIGNED FROM", "UNTIL"];
    context.output.things(&keys, head, |key| {
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        let time = |name: &str| key[name].as_i64().map(moment).unwrap_or_default();
        vec![
            text("kid"),
            text("algorithm"),
            text("state"),
            time("current_since"),
            time("current_until"),
        ]
    });
}

fn key_json(key: &KeyStanding) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": key.state,
        "current_since": key.current_since,
        "current_until": key.current_until,
        "revoked_at": key.revoked_at,
    })
}
