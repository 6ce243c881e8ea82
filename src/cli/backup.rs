//! `rulemint backup`, `rulemint restore` and `rulemint store`

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Context;
use super::access::{load, user};
use super::exit::{NotThere, Refused};
use super::output::{moment, size};
use crate::audit::Actor;
use crate::backup::{self, Extent, Restored, Wish};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::data_dir::DataDir;

/// Copy the installation into a new directory, beside a running server.
///
/// It holds the store, the master key, the last good rules and the server's own certificate: keep it as safe as the data
/// directory itself.
#[derive(Args)]
pub(super) struct Backup {
    /// The directory to make.
    directory: PathBuf,
    /// Leave out the master key, which is then kept elsewhere: without it the backup opens nothing.
    #[arg(long)]
    without_master_key: bool,
    /// Copy the rules directory too.
    #[arg(long)]
    with_rules: bool,
}

/// Put a backup in place. No server may run on the data directory meanwhile.
///
/// What was changed after the backup is gone, revocations too: --revoke-issued makes up for those.
#[derive(Args)]
pub(super) struct Restore {
    /// The backup.
    directory: PathBuf,
    /// Put an installation that is there already aside. It is kept, in a directory beside what replaces it.
    #[arg(long)]
    force: bool,
    /// The master key's file, if the backup was made without it.
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
    /// Copy the backup's rules into the rules directory, which must be empty.
    #[arg(long)]
    with_rules: bool,
    /// Revoke every token that was issued until now.
    #[arg(long)]
    revoke_issued: bool,
}

#[derive(Subcommand)]
pub(super) enum StoreCommand {
    /// Read the whole store and open every signing key: does anything need a backup to be restored?
    Check,
}

impl Backup {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let config = load(context, Vec::new())?.config;
        let data = existing(&config)?;
        let extent = Extent {
            without_master_key: self.without_master_key,
            rules_dir: self.with_rules.then(|| config.rules.dir.clone()),
        };
        let now = SystemClock::new().unix_seconds().cast_signed();
        let made = backup::back_up(&data, &self.directory, &extent, now).await?;
        let directory = made.directory.display().to_string();
        let lines = [
            ("backup", directory.clone()),
            ("files", made.files.to_string()),
            ("size", size(made.bytes)),
            (
                "master key",
                match made.has_master_key {
                    true => "in it: keep it as safe as the data directory".to_owned(),
                    false => "not in it".to_owned(),
                },
            ),
        ];
        let whole = json!({
            "directory": directory,
            "files": made.files,
            "bytes": made.bytes,
            "has_master_key": made.has_master_key,
        });
        context.output.thing(&whole, &lines);
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let config = load(context, Vec::new())?.config;
        let data = DataDir::open(&config.data_dir)?;
        let wish = Wish {
            backup: self.directory,
            master_key: self.master_key,
            force: self.force,
            rules_dir: self.with_rules.then(|| config.rules.dir.clone()),
            revoke_issued: self.revoke_issued,
            actor: Actor::user(user()),
        };
        let restored = backup::restore(&data, &wish, Arc::new(SystemClock::new())).await?;
        let replaced = restored
            .replaced
            .as_ref()
            .map(|path| path.display().to_string());
        let mut lines = vec![
            ("restored", data.path().display().to_string()),
            ("as it was", moment(restored.made_at)),
            ("by rulemint", restored.made_by.clone()),
            (
                "before",
                replaced.clone().unwrap_or_else(|| "nothing".to_owned()),
            ),
        ];
        if let Some(rules_dir) = &restored.rules_dir {
            lines.push(("rules from", rules_dir.clone()));
        }
        if !restored.revoked.is_empty() {
            lines.push(("revoked for", restored.revoked.join(", ")));
        }
        let whole = json!({
            "data_dir": data.path().display().to_string(),
            "made_at": restored.made_at,
            "made_by": restored.made_by,
            "replaced": replaced,
            "revoked_for": restored.revoked,
            "rules_dir": restored.rules_dir,
        });
        context.output.thing(&whole, &lines);
        remark_on_rules(&restored, &config, context);
        if restored.revoked.is_empty() {
            context.output.remark(
                "what was revoked after the backup is good again until it expires; \
                 `rulemint revoke --audience API` ends what was issued so far, as `restore --revoke-issued` does for every API",
            );
        }
        Ok(())
    }
}

/// A server that starts elsewhere looks for its rules elsewhere.
fn remark_on_rules(restored: &Restored, config: &Config, context: &Context<'_>) {
    let here = config.rules.whole_dir().display().to_string();
    let elsewhere = restored
        .rules_dir
        .as_ref()
        .filter(|origin| **origin != here);
    if let Some(origin) = elsewhere {
        context.output.remark(format!(
            "the rules that were live came from {origin}, and the rules directory is {here} now: put them there \
             (`restore --with-rules`, where the backup has them), or name theirs with --rules-dir. Where it is not there, a \
             server runs what was live last; where some of them are not in it, none starts"
        ));
    }
}

impl StoreCommand {
    pub(super) async fn run(self, context: &Context<'_>) -> anyhow::Result<()> {
        let Self::Check = self;
        let data = existing(&load(context, Vec::new())?.config)?;
        let examined = backup::examine(&data).await?;
        if !examined.damage.is_empty() {
            let damage = examined.damage.join("\n  ");
            let text =
                format!("the store is damaged:\n  {damage}\nrestore a backup (rulemint restore)");
            return Err(Refused(text).into());
        }
        let counts: Map<String, Value> = examined
            .counts
            .iter()
            .map(|(table, count)| ((*table).to_owned(), json!(count)))
            .collect();
        let mut lines = vec![
            ("store", "sound".to_owned()),
            ("schema", examined.schema.to_string()),
        ];
        for (table, count) in &examined.counts {
            lines.push((table, count.to_string()));
        }
        let whole = json!({ "sound": true, "schema": examined.schema, "rows": counts });
        context.output.thing(&whole, &lines);
        Ok(())
    }
}

/// The data directory, with a store in it.
fn existing(config: &Config) -> anyhow::Result<DataDir> {
    let path = &config.data_dir;
    let is_there = path.is_dir() && path.join(DataDir::STORE_FILE).is_file();
    match is_there {
        true => Ok(DataDir::open(path)?),
        false => Err(NotThere(format!(
            "there is no store in {}: no server has run here yet, or its data is elsewhere (--data-dir)",
            path.display()
        ))
        .into()),
    }
}
