//! Puts a backup in the place of an installation.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::content::{Content, copy_tree, flush_tree};
use super::{BackupError, LIST_FILE, RULES_DIR, examine};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::revocation::{NewRevocation, Revoker, Target};
use crate::store::Store;

/// What is to be restored, and how.
pub struct Wish {
    /// The backup.
    pub backup: PathBuf,
    /// The master key's file, where the backup was made without it.
    pub master_key: Option<PathBuf>,
    /// Put aside what is there already.
    pub force: bool,
    /// Where the rules go, if they are to be restored too.
    pub rules_dir: Option<PathBuf>,
    /// Revoke all that was issued until now: revocations that were made after the backup are not in it.
    pub revoke_issued: bool,
    /// Who restores it.
    pub actor: Actor,
}

/// An installation that was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// When the backup was made (Unix seconds).
    pub made_at: i64,
    /// Which version made it.
    pub made_by: String,
    /// Where what was there before is now, if anything was.
    pub replaced: Option<PathBuf>,
    /// The APIs whose tokens were revoked.
    pub revoked: Vec<String>,
    /// The rules directory that the rules which were live last came from, if any were.
    pub rules_dir: Option<String>,
}

/// Restores a backup. No server may run on the directory. Everything is checked first; then all of it is in place at
/// once, or nothing has changed.
///
/// # Errors
/// When the backup is not whole, not sound or not known, or the directory is in use or not empty.
pub async fn restore(
    data: &DataDir,
    wish: &Wish,
    clock: Arc<dyn Clock>,
) -> Result<Restored, BackupError> {
    let _only_one = data.claim()?;
    let _alone = data.set_up_alone()?;
    data.settle()?;
    if !wish.force && !data.is_empty()? {
        return Err(BackupError::NotEmpty(data.path().to_owned()));
    }
    let restored = put_together(data, wish, clock).await;
    if restored.is_err() {
        // It may hold the master key, and nobody looks for one there.
        data.give_up_staging()?;
    }
    restored
}

async fn put_together(
    data: &DataDir,
    wish: &Wish,
    clock: Arc<dyn Clock>,
) -> Result<Restored, BackupError> {
    let content = Content::read(&wish.backup)?;
    let staged = stage(data, wish, &content)?;
    if let Some(rules_dir) = &wish.rules_dir {
        check_rules(&staged, rules_dir)?;
    }
    let MadeGood { revoked, rules_dir } = make_good(&staged, wish, clock).await?;
    if let Some(rules_dir) = &wish.rules_dir {
        copy_tree(&staged.path().join(RULES_DIR), rules_dir)?;
    }
    remove_if_there(&staged.path().join(RULES_DIR))?;
    flush_tree(staged.path())?;
    Ok(Restored {
        made_at: content.made_at,
        made_by: content.rulemint,
        replaced: data.take_over()?,
        revoked,
        rules_dir,
    })
}

/// Copies the backup below the data directory, and checks that the copy is what was written.
fn stage(data: &DataDir, wish: &Wish, content: &Content) -> Result<DataDir, BackupError> {
    let staged = data.staging()?;
    copy_tree(&wish.backup, &staged)?;
    let damage = content.damage(&staged)?;
    if !damage.is_empty() {
        let path = wish.backup.clone();
        return Err(BackupError::Damaged { path, damage });
    }
    let list = staged.join(LIST_FILE);
    fs::remove_file(&list).map_err(BackupError::file(&list))?;
    let key = staged.join(MasterKey::FILE_NAME);
    match &wish.master_key {
        Some(given) => {
            let copied = fs::copy(given, &key).and_then(|_| {
                let for_its_owner = Permissions::from_mode(0o600);
                fs::set_permissions(&key, for_its_owner)
            });
            copied.map_err(BackupError::file(given))?;
        }
        None if !key.exists() => return Err(BackupError::NoMasterKey(wish.backup.clone())),
        None => {}
    }
    Ok(DataDir::open(&staged)?)
}

/// A store that is ready to be taken up.
struct MadeGood {
    revoked: Vec<String>,
    rules_dir: Option<String>,
}

/// Checks the staged store, brings it up to date, and closes what the time since the backup has opened.
async fn make_good(
    staged: &DataDir,
    wish: &Wish,
    clock: Arc<dyn Clock>,
) -> Result<MadeGood, BackupError> {
    let damage = examine(staged).await?.damage;
    if !damage.is_empty() {
        let path = wish.backup.clone();
        return Err(BackupError::Damaged { path, damage });
    }
    let store = Store::open(&staged.store()).await?;
    let now = clock.unix_seconds().cast_signed();
    store.part_from_original(NUMBERS_SKIPPED, now).await?;
    let revoked = match wish.revoke_issued {
        true => revoke_issued(&store, clock, &wish.actor).await?,
        false => Vec::new(),
    };
    let last = store.generations(1).await?.pop();
    store.close().await;
    Ok(MadeGood {
        revoked,
        rules_dir: last.map(|row| row.rules_dir),
    })
}

async fn revoke_issued(
    store: &Store,
    clock: Arc<dyn Clock>,
    actor: &Actor,
) -> Result<Vec<String>, BackupError> {
    let revoker = Revoker::new(store.clone(), clock, usize::MAX);
    let mut revoked = Vec::new();
    for api in store.apis().await? {
        let new = NewRevocation {
            target: Target::Audience(api.identifier.clone()),
            issued_before: None,
            expires_at: None,
            reason: Some("an older state was restored".to_owned()),
            actor: actor.clone(),
        };
        revoker.revoke(new).await?;
        revoked.push(api.identifier);
    }
    Ok(revoked)
}

fn check_rules(staged: &DataDir, rules_dir: &Path) -> Result<(), BackupError> {
    if !staged.path().join(RULES_DIR).is_dir() {
        let why = "the backup was made without the rules directory (--with-rules)".to_owned();
        return Err(BackupError::Rules(why));
    }
    let is_empty = fs::read_dir(rules_dir).map_or(true, |mut entries| entries.next().is_none());
    match is_empty {
        true => Ok(()),
        false => Err(BackupError::Rules(format!(
            "{} is not empty: move its files away",
            rules_dir.display()
        ))),
    }
}

fn remove_if_there(directory: &Path) -> Result<(), BackupError> {
    match directory.exists() {
        true => fs::remove_dir_all(directory).map_err(BackupError::file(directory)),
        false => Ok(()),
    }
}

/// More cut-offs than were ever made between a backup and its return.
const NUMBERS_SKIPPED: i64 = 1_000_000_000;
