//! What commands beside a running server need: the configuration, the store, a runtime.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;

use super::Context;
use super::exit::{Mistakes, NotThere};
use crate::audit::Actor;
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Flag, Loaded};
use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::random::{Random, SystemRandom};
use crate::registry::{Registrar, Registrars};
use crate::revocation::Revoker;
use crate::server::{Opened, open_installation};
use crate::store::Store;

/// An installation that commands can look into and change, safely beside a running server.
pub(super) struct Access {
    pub(super) data: DataDir,
    pub(super) store: Store,
    pub(super) registrar: Registrar,
    pub(super) revoker: Revoker,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) master: Arc<MasterKey>,
    /// Who runs the command.
    pub(super) actor: Actor,
}

impl Access {
    /// Opens the installation that the configuration names, to look into it: where there is none, none is made.
    pub(super) async fn look(context: &Context<'_>) -> anyhow::Result<Self> {
        let data_dir = load(context, Vec::new())?.config.data_dir;
        if !data_dir.is_dir() {
            let text = format!(
                "there is no data directory {}: no server has run here yet, or its data is elsewhere (--data-dir)",
                data_dir.display()
            );
            return Err(NotThere(text).into());
        }
        Self::open(context).await
    }

    /// Opens the installation that the configuration names, and makes it where there is none.
    pub(super) async fn open(context: &Context<'_>) -> anyhow::Result<Self> {
        let loaded = load(context, Vec::new())?;
        let data = DataDir::open(&loaded.config.data_dir)?;
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let Opened { master, store } = open_installation(&data, &*random).await?;
        let actor = Actor::user(user());
        let entries_max = loaded.config.limits.revocations;
        Ok(Self {
            revoker: Revoker::new(store.clone(), Arc::clone(&clock), entries_max),
            registrar: Registrars::new(
                store.clone(),
                Arc::clone(&master),
                Arc::clone(&clock),
                random,
            )
            .with_ledger(loaded.config.ledger.mode)
            .of(actor.clone()),
            actor,
            master,
            data,
            store,
            clock,
        })
    }
}

/// Who the operating system says runs this process: a name, or a number where it knows none.
pub(super) fn user() -> String {
    let number = || rustix::process::geteuid().as_raw().to_string();
    whoami::username().unwrap_or_else(|_| number())
}

/// Reads the configuration, with the flags that every command has and these.
pub(super) fn load(context: &Context<'_>, mut flags: Vec<Flag>) -> anyhow::Result<Loaded> {
    if let Some(data_dir) = &context.global.data_dir {
        flags.push(flag("--data-dir", "data_dir", data_dir.as_str()));
    }
    let file: Option<&PathBuf> = context.global.config.as_ref();
    let loaded = config::load(file.map(PathBuf::as_path), context.environment, flags);
    loaded.map_err(|mistakes| Mistakes::in_configuration(mistakes).into())
}

pub(super) fn flag(name: &'static str, path: &'static str, value: impl Into<Value>) -> Flag {
    Flag {
        name,
        path,
        value: value.into(),
    }
}

/// Runs a command that does one thing and ends: a single thread is enough.
pub(super) fn wait_for(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(command)
}
