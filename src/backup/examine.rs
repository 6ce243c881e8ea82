//! Whether an installation is sound.

use crate::data_dir::DataDir;
use crate::keys::KeyRing;
use crate::master_key::MasterKey;
use crate::store::Store;

use super::BackupError;

/// What came of an examination.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The newest migration of the store.
    pub schema: i64,
    /// How many rows each table has that somebody may ask about.
    pub counts: Vec<(&'static str, i64)>,
    /// What is wrong: nothing where all is well.
    pub damage: Vec<String>,
}

/// Reads all of an installation's store and opens its signing keys, beside a running server if there is one. Nothing is
/// written.
///
/// # Errors
/// When there is no store, or a newer version wrote it. Damage is no error: it is what is asked about.
pub async fn examine(data: &DataDir) -> Result<Examined, BackupError> {
    let store = Store::open_as_is(&data.store()).await?;
    let mut damage = match store.damage().await {
        Ok(damage) => damage,
        Err(problem) => vec![spoken(&problem)],
    };
    let mut counts = Vec::with_capacity(COUNTED.len());
    for table in COUNTED {
        match store.rows_of(table).await {
            Ok(count) => counts.push((table, count)),
            Err(problem) => damage.push(format!("{table}: {}", spoken(&problem))),
        }
    }
    damage.extend(locked(data, &store).await);
    let schema = store.schema_version().await?;
    store.close().await;
    Ok(Examined {
        schema,
        counts,
        damage,
    })
}

/// What keeps the signing keys from being used.
async fn locked(data: &DataDir, store: &Store) -> Option<String> {
    let master = match MasterKey::load(data.path()) {
        Ok(master) => master,
        Err(problem) => return Some(spoken(&problem)),
    };
    let opened = KeyRing::load(store, &master).await;
    opened.err().map(|problem| spoken(&problem))
}

const COUNTED: [&str; 6] = [
    "clients",
    "apis",
    "client_grants",
    "signing_keys",
    "revocations",
    "ledger_tokens",
];

/// An error with its causes, as one line.
fn spoken(problem: &dyn std::error::Error) -> String {
    let mut text = problem.to_string();
    let mut cause = problem.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
