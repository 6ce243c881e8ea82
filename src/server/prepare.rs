//! Everything a server needs, made ready in the order it depends on each other.

mod app;
mod offline;

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::bootstrap::{self, FirstStart};
use super::installation::{Opened, open_installation};
use super::listener::{Listener, Listeners};
use super::start_error::StartError;
use super::tls::Certificate;
use super::{Server, Tasks};
use crate::audit::Actor;
use crate::clock::Clock;
use crate::config::{Config, Issuer};
use crate::data_dir::{Claim, DataDir};
use crate::document::Mistake;
use crate::follow;
use crate::keys::KeyRing;
use crate::live::{Live, LiveHandle};
use crate::master_key::MasterKey;
use crate::random::Random;
use crate::registry::{Registrars, Registry, rules_configs};
use crate::reload::{self, Reloader};
use crate::revocation::{Revocations, forget_expired};
use crate::rule::{Chain, CompiledRules, CompilerProgram, Loader, Outside, Surroundings};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::trace::{self, Tracer};
use crate::trust::TrustError;

/// What a server is given besides its configuration; a test gives its own.
pub struct Parts {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes random values.
    pub random: Arc<dyn Random>,
    /// Compiles rules.
    pub compiler: CompilerProgram,
    /// What manifests may refer to.
    pub outside: Outside,
}

pub(super) async fn server(config: Config, parts: Parts) -> Result<Server, StartError> {
    check_exposure(&config)?;
    if !config.listen.is_local() {
        warn!(listen = %config.listen, "listening beyond this machine without TLS: secrets travel in the clear");
    }
    let base = Base::open(config, parts).await?;
    let reloader = base.reloader().await?;
    // The socket comes late, and nothing is accepted before all of this is done; the issuer needs its address.
    let tasks = Tasks::default();
    let listeners = base.bind(&tasks).await?;
    let first_start = base.take_on_issuer(&listeners).await?;
    let seen = base.load_registry().await?;
    let (triggers, stopping) = (unbounded_channel(), Arc::new(AtomicBool::new(false)));
    let report = reloader.report();
    let (nudge, impatient) = follow::nudge();
    let offline = base.offline(&tasks).await?;
    let follower = base.follower(seen, &offline, triggers.0.clone(), impatient);
    tasks.upkeep.spawn(follower.run(tasks.upkeep.token()));
    tasks.upkeep.spawn(base.rests(tasks.upkeep.token()));
    tasks.upkeep.spawn(base.forget(tasks.upkeep.token()));
    let app = Arc::new(base.app((&report, &stopping), &tasks, nudge, offline));
    let sender = triggers.0.clone();
    tasks
        .upkeep
        .spawn(reloader.run(triggers.0, triggers.1, tasks.upkeep.token()));
    Ok(Server {
        acceptor: base.acceptor(listeners, Arc::clone(&app)),
        app,
        live: Arc::clone(&base.live),
        registrar: base.registrars().of(Actor::server()),
        store: base.store,
        config: base.config,
        report,
        triggers: sender,
        first_start,
        stopping,
        tasks,
        _claim: base.claim,
    })
}

/// What a server would not start with, though each value of its configuration is one that it may have.
///
/// # Errors
/// All of it.
pub fn check(config: &Config) -> Result<(), Vec<Mistake>> {
    let mistake = |place: &str, problem: &dyn std::error::Error| Mistake {
        place: place.to_owned(),
        problem: with_causes(problem),
    };
    let exposed = check_exposure(config).err();
    let exposed = exposed.map(|problem| mistake("listen", &problem));
    let untrusted = Certificate::check(config).err();
    let untrusted = untrusted.map(|problem| mistake("tls", &problem));
    let mistakes: Vec<Mistake> = exposed.into_iter().chain(untrusted).collect();
    match mistakes.is_empty() {
        true => Ok(()),
        false => Err(mistakes),
    }
}

fn with_causes(problem: &dyn std::error::Error) -> String {
    let (mut told, mut cause) = (problem.to_string(), problem.source());
    while let Some(problem) = cause {
        told = format!("{told}: {problem}");
        cause = problem.source();
    }
    told
}

/// Plain HTTP beyond this machine is a decision, not an accident.
fn check_exposure(config: &Config) -> Result<(), StartError> {
    if config.listen.is_local() {
        return Ok(());
    }
    match config.allow_plain_http {
        true => Ok(()),
        false => Err(StartError::Exposed(config.listen.clone())),
    }
}

fn tracer(config: &Config, parts: &Parts, metrics: &Metrics) -> Result<Option<Tracer>, TrustError> {
    let parts = trace::Parts {
        clock: Arc::clone(&parts.clock),
        random: Arc::clone(&parts.random),
        metrics: metrics.clone(),
    };
    Tracer::start(&config.telemetry.traces, parts)
}

/// What everything else is made from.
struct Base {
    config: Config,
    parts: Parts,
    data: DataDir,
    claim: Claim,
    master: Arc<MasterKey>,
    store: Store,
    metrics: Metrics,
    tracer: Option<Arc<Tracer>>,
    surroundings: Arc<Surroundings>,
    live: Arc<LiveHandle>,
}

impl Base {
    async fn open(config: Config, parts: Parts) -> Result<Self, StartError> {
        let data = DataDir::open(&config.data_dir)?;
        let claim = data.claim()?;
        let Opened { master, store } = open_installation(&data, &*parts.random).await?;
        let metrics = Metrics::new();
        let tracer = tracer(&config, &parts, &metrics)?;
        let (clock, random) = (Arc::clone(&parts.clock), Arc::clone(&parts.random));
        let surroundings = Surroundings::new(clock, random, metrics.clone())?;
        let surroundings = surroundings.with(parts.outside.clone());
        let shared = rules_configs(&store, &master).await?;
        parts.outside.configuration.replace(shared);
        bootstrap::default_key(&store, &master, parts.clock.unix_seconds().cast_signed()).await?;
        let live = Live {
            issuer: config.issuer.clone().unwrap_or_else(Issuer::of_socket),
            registry: Registry::default(),
            keys: Arc::new(KeyRing::load(&store, &master).await?),
            revocations: Arc::default(),
            cutoff: 0,
            chain: Arc::new(Chain::default()),
        };
        Ok(Self {
            surroundings: Arc::new(surroundings),
            live: Arc::new(LiveHandle::new(live)),
            config,
            parts,
            data,
            claim,
            master,
            store,
            metrics,
            tracer: tracer.map(Arc::new),
        })
    }

    async fn reloader(&self) -> Result<Reloader, StartError> {
        let compiled = CompiledRules::new(self.data.below("compiled")?, &self.master);
        let surroundings = Arc::clone(&self.surroundings);
        let parts = reload::Parts {
            live: Arc::clone(&self.live),
            loader: Loader::new(surroundings, compiled, self.parts.compiler.clone()),
            store: self.store.clone(),
            kept_files: self.data.below("rules")?,
            clock: Arc::clone(&self.parts.clock),
            metrics: self.metrics.clone(),
        };
        Ok(Reloader::start(self.config.rules.clone(), parts).await?)
    }

    /// Binds every socket. From here on a certificate's files are watched.
    async fn bind(&self, tasks: &Tasks) -> Result<Listeners, StartError> {
        let plain = Listener::bind(&self.config.listen).await;
        let plain = plain.map_err(|source| self.cannot_listen(source))?;
        let now = self.parts.clock.unix_seconds().cast_signed();
        let Some(certificate) = Certificate::of_config(&self.config, &self.data, now)? else {
            let secured = None;
            return Ok(Listeners { plain, secured });
        };
        let secured = certificate.bind(self.config.tls.listen).await?;
        let following = certificate.follow(tasks.upkeep.token());
        tasks.upkeep.spawn(following);
        let secured = Some(secured);
        Ok(Listeners { plain, secured })
    }

    fn cannot_listen(&self, source: io::Error) -> StartError {
        let listen = self.config.listen.clone();
        StartError::Listen { listen, source }
    }

    /// The issuer follows from the addresses unless it is configured; the management API and the administrator follow
    /// from the issuer.
    async fn take_on_issuer(
        &self,
        listeners: &Listeners,
    ) -> Result<Option<FirstStart>, StartError> {
        let address = listeners.plain.address();
        let address = address.map_err(|source| self.cannot_listen(source))?;
        let issuer = match (&self.config.issuer, &listeners.secured, address) {
            (Some(configured), _, _) => configured.clone(),
            (None, Some(secured), _) => Issuer::of_secured_address(secured.place.address),
            (None, None, Some(address)) => Issuer::of_address(address),
            (None, None, None) => Issuer::of_socket(),
        };
        let (whose, now) = (
            (&issuer, &self.config.admin),
            self.parts.clock.unix_seconds(),
        );
        let registrar = self.registrars().of(Actor::server());
        let first = bootstrap::administration(&registrar, &self.store, whose, now.cast_signed());
        let first = first.await?;
        self.live.change(|live| live.issuer = issuer);
        Ok(first)
    }

    /// Reads revocations, clients, APIs and grants, and says up to which change they are known: one that comes in between is read
    /// again, none is missed.
    async fn load_registry(&self) -> Result<i64, StartError> {
        let (seen, now) = (
            self.store.newest_change().await?,
            self.parts.clock.monotonic(),
        );
        let revocations = Revocations::load(&self.store).await?;
        revocations.note_fresh(now);
        if let Err(problem) = follow::report_seen(&self.store, seen, &*self.parts.clock).await {
            let problem = &problem as &dyn std::error::Error;
            warn!(
                problem,
                "the store takes no writes; tokens are issued all the same"
            );
        }
        let registry = Registry::load(&self.store).await?;
        let keys = Arc::new(KeyRing::load(&self.store, &self.master).await?);
        self.live.change(|live| {
            live.registry = registry;
            live.keys = keys;
            live.cutoff = revocations.newest_cutoff();
            live.revocations = Arc::new(revocations);
        });
        Ok(seen)
    }

    fn rests(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let clock = Arc::clone(&self.parts.clock);
        reload::note_rests(Arc::clone(&self.live), self.store.clone(), clock, stop)
    }

    fn forget(&self, stop: CancellationToken) -> impl Future<Output = ()> + use<> {
        let revocations = Arc::clone(&self.live.load().revocations);
        let clock = Arc::clone(&self.parts.clock);
        forget_expired(revocations, self.store.clone(), clock, stop)
    }

    fn registrars(&self) -> Registrars {
        Registrars::new(
            self.store.clone(),
            Arc::clone(&self.master),
            Arc::clone(&self.parts.clock),
            Arc::clone(&self.parts.random),
        )
        .with_ledger(self.config.ledger.mode)
    }
}
