//! What the commands that run rules share: an engine, a rule, an event.

use std::fs;
use std::io::{IsTerminal, Read, stderr, stdin};
use std::path::Path;
use std::sync::Arc;

use anstream::eprintln;
use anyhow::{Context as _, anyhow};

use crate::cli::Context;
use crate::cli::access;
use crate::cli::output::DIM;
use crate::clock::SystemClock;
use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::random::SystemRandom;
use crate::rule::{CompiledRules, CompilerProgram, Outside, Rule};
use crate::workbench::compare::{self, Trial};
use crate::workbench::{Parts, Subject, Workbench};

/// An engine like the server's. What it compiles is remembered in the user's cache directory.
pub(super) fn workbench(context: &Context<'_>) -> anyhow::Result<Workbench> {
    let cache = cache_dir(context)?;
    let master = MasterKey::load_or_create(cache.path(), &SystemRandom)?;
    let parts = Parts {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom),
        compiler: CompilerProgram::this_one().context("find this program")?,
        compiled: CompiledRules::new(cache.below("compiled")?, &master),
        outside: Outside::of_system(context.environment.clone()),
    };
    Ok(Workbench::new(parts)?)
}

/// `$XDG_CACHE_HOME/rulemint`, or `~/.cache/rulemint`; where there is no home, the data directory.
fn cache_dir(context: &Context<'_>) -> anyhow::Result<DataDir> {
    let variable = |name| context.environment.get(name).map(Path::new);
    let home = || variable("HOME").map(|home| home.join(".cache"));
    let cache = variable("XDG_CACHE_HOME").map(Path::to_owned).or_else(home);
    Ok(DataDir::open(&match cache {
        Some(cache) => {
            fs::create_dir_all(&cache).with_context(|| format!("make {}", cache.display()))?;
            cache.join("rulemint")
        }
        None => access::load(context, Vec::new())?.config.data_dir,
    })?)
}

/// Loads a rule, and says on a terminal that this may take a while.
pub(super) async fn load(
    bench: &Workbench,
    subject: &Subject,
    context: &Context<'_>,
) -> anyhow::Result<Arc<Rule>> {
    if subject.wasm().len() > LARGE_BYTES && stderr().is_terminal() && !context.output.is_json() {
        let mib = subject.wasm().len() / (1024 * 1024);
        eprintln!(
            "{DIM}loading {} ({mib} MiB), which may take a while the first time{DIM:#}",
            subject.name
        );
    }
    let loaded = bench.load(subject).await;
    loaded.map_err(|problem| anyhow!("{}: {problem}", subject.name))
}

/// Reads events from a file, or from standard input for `-`.
pub(super) fn trials(path: &Path) -> anyhow::Result<Vec<Trial>> {
    let text = match path == Path::new("-") {
        true => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        }
        false => fs::read_to_string(path),
    };
    let text = text.with_context(|| format!("read {}", path.display()))?;
    compare::trials(&text).map_err(|problem| anyhow!("{}: {problem}", path.display()))
}

/// A file of which compiling is felt, in bytes.
const LARGE_BYTES: usize = 1024 * 1024;
