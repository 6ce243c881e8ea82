//! What the commands that run rules share: an engine, a rule, an event.

use std::fs;
use std::io::{IsTerminal, Read, stderr, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anstream::eprintln;
use anyhow::{Context as _, anyhow};

use crate::cli::Context;
use crate::cli::access;
use crate::cli::exit::{NotThere, Refused};
use crate::cli::output::DIM;
use crate::clock::SystemClock;
use crate::data_dir::DataDir;
use crate::master_key::MasterKey;
use crate::random::SystemRandom;
use crate::rule::{CompiledRules, CompilerProgram, Outside, Rule};
use crate::workbench::compare::{self, Trial};
use crate::workbench::watch::newer_source;
use crate::workbench::{Parts, Subject, SubjectError, Workbench};

/// An engine like the server's. What it compiles is remembered in the user's cache directory.
pub(in crate::cli) fn workbench(context: &Context<'_>) -> anyhow::Result<Workbench> {
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

/// Opens a rule, and says so where its sources have changed since it was built.
pub(super) fn open(path: &Path, context: &Context<'_>) -> Result<Subject, SubjectError> {
    let subject = Subject::open(path)?;
    let project = subject.project.as_deref();
    if let Some(newer) = project.and_then(|project| newer_source(project, &subject.file)) {
        let (newer, file) = (newer.display(), subject.file.display());
        context.output.remark(format!(
            "{newer} is newer than {file}: `rulemint rule build` was not run since"
        ));
    }
    Ok(subject)
}

/// Loads a rule, and says on a terminal that this may take a while.
pub(super) async fn load(
    bench: &Workbench,
    subject: &Subject,
    context: &Context<'_>,
) -> anyhow::Result<Arc<Rule>> {
    if subject.bytes().len() > LARGE_BYTES && stderr().is_terminal() && !context.output.is_json() {
        let mib = subject.bytes().len() / (1024 * 1024);
        eprintln!(
            "{DIM}loading {} ({mib} MiB), which may take a while the first time{DIM:#}",
            subject.name
        );
    }
    let loaded = bench.load(subject).await;
    loaded.map_err(|problem| Refused(format!("{}: {problem}", subject.name)).into())
}

/// Reads events from a file, from every `.json` file of a directory, or from standard input for `-`.
pub(super) fn trials(path: &Path) -> anyhow::Result<Vec<Trial>> {
    if path.is_dir() {
        let mut trials = Vec::new();
        for file in json_files(path)? {
            trials.extend(trials_of(&file)?);
        }
        return Ok(trials);
    }
    trials_of(path)
}

fn json_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("read {}", directory.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            files.push(path);
        }
    }
    if files.is_empty() {
        let text = format!("there are no .json files in {}", directory.display());
        return Err(NotThere(text).into());
    }
    files.sort();
    Ok(files)
}

fn trials_of(path: &Path) -> anyhow::Result<Vec<Trial>> {
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
