//! Puts the parts together that answer: what requests reach, and what keeps it equal to the store.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::UnboundedSender;

use super::Base;
use super::offline::Offline;
use crate::client::{Audiences, Authenticator};
use crate::config::LedgerMode;
use crate::follow::{Follower, Impatient, Nudge};
use crate::http::{self, App, HostGuard, Probe, Readiness, Verdict};
use crate::issue::TokenIssuer;
use crate::ledger::{self, Ledger};
use crate::manage::{self, Management};
use crate::registry::SecretHasher;
use crate::reload::{Report, Trigger, resting};
use crate::revocation::Revoker;
use crate::rules_dir::ScriptRules;
use crate::server::Tasks;
use crate::server::accept::{Acceptor, Site};
use crate::server::listener::Listeners;
use crate::status_list::StatusLists;
use crate::verification::{KeptTokens, Verifier};

impl Base {
    pub(super) fn follower(
        &self,
        seen: i64,
        offline: &Offline,
        reloader: UnboundedSender<Trigger>,
        impatient: Impatient,
    ) -> Follower {
        Follower {
            store: self.store.clone(),
            live: Arc::clone(&self.live),
            master: Arc::clone(&self.master),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.parts.clock),
            configuration: Arc::clone(&self.parts.outside.configuration),
            feed: Arc::clone(&offline.feed),
            status_lists: Arc::clone(&offline.status_lists),
            reloader,
            seen,
            impatient,
        }
    }

    pub(super) fn app(
        &self,
        (report, stopping): (&Arc<ArcSwap<Report>>, &Arc<AtomicBool>),
        tasks: &Tasks,
        nudge: Nudge,
        offline: Offline,
    ) -> App {
        let issuer = Arc::new(self.issuer(tasks, &offline.status_lists));
        let report = Arc::clone(report);
        App {
            revoker: self.revoker(),
            following: offline.following,
            verifier: Verifier {
                live: Arc::clone(&self.live),
                clock: Arc::clone(&self.parts.clock),
                kept: KeptTokens::with_room_for(self.config.verification.kept_tokens),
            },
            issuer: Arc::clone(&issuer),
            status_lists: offline.status_lists,
            live: Arc::clone(&self.live),
            management: Arc::new(self.management(nudge, Arc::clone(&report), issuer)),
            readiness: Readiness {
                store: self.store.clone(),
                rules: self.verdict_of_rules(report),
                stopping: Arc::clone(stopping),
            },
            metrics: self.metrics.clone(),
            tracer: self.tracer.clone(),
            random: Arc::clone(&self.parts.random),
        }
    }

    fn verdict_of_rules(&self, report: Arc<ArcSwap<Report>>) -> Probe {
        let live = Arc::clone(&self.live);
        Box::new(move || {
            let report = report.load();
            let mut remarks = report.remarks();
            remarks.extend(resting(&live.load()));
            match (report.obstacle(), remarks.is_empty()) {
                (Some(obstacle), _) => Verdict::Unable(obstacle),
                (None, true) => Verdict::Well,
                (None, false) => Verdict::But(remarks.join("; ")),
            }
        })
    }

    fn issuer(&self, tasks: &Tasks, status_lists: &Arc<StatusLists>) -> TokenIssuer {
        let hasher = SecretHasher::new(&self.master);
        let accept_token_endpoint = self.config.client_assertions.accept_token_endpoint;
        let audiences = Audiences::of(&self.live.load().issuer, accept_token_endpoint);
        TokenIssuer {
            live: Arc::clone(&self.live),
            authenticator: Authenticator::new(hasher, audiences, Arc::clone(&self.parts.clock)),
            surroundings: Arc::clone(&self.surroundings),
            ledger: self.ledger(tasks, status_lists),
            status_lists: Arc::clone(status_lists),
            clock: Arc::clone(&self.parts.clock),
        }
    }

    fn management(
        &self,
        nudge: Nudge,
        report: Arc<ArcSwap<Report>>,
        issuer: Arc<TokenIssuer>,
    ) -> Management {
        let parts = manage::Parts {
            store: self.store.clone(),
            scripts: ScriptRules::of(&self.config.rules.dir),
            report,
            live: Arc::clone(&self.live),
            registrars: self.registrars(),
            revoker: self.revoker(),
            issuer,
            random: Arc::clone(&self.parts.random),
            metrics: self.metrics.clone(),
            nudge,
            clock: Arc::clone(&self.parts.clock),
        };
        Management::new(parts, self.config.limits.management_requests_per_second)
    }

    fn ledger(&self, tasks: &Tasks, status_lists: &Arc<StatusLists>) -> Ledger {
        let config = &self.config.ledger;
        let parts = ledger::Parts {
            store: self.store.clone(),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.parts.clock),
            status_lists: Arc::clone(status_lists),
            answers_wait: config.mode == LedgerMode::Sync,
        };
        let (ledger, writer) = Ledger::new(config.mode, config.keep_days, parts);
        tasks.ledger.spawn(writer.run(tasks.ledger.token()));
        ledger
    }

    fn revoker(&self) -> Revoker {
        let (store, clock) = (self.store.clone(), Arc::clone(&self.parts.clock));
        let revocations = Arc::clone(&self.live.load().revocations);
        Revoker::new(store, clock, self.config.limits.revocations).in_server(revocations)
    }

    pub(super) fn acceptor(&self, listeners: Listeners, app: Arc<App>) -> Acceptor {
        let guard = HostGuard::new(&self.live.load().issuer, &self.config.allowed_hosts);
        let router = http::router(app);
        Acceptor {
            listeners,
            site: Arc::new(Site { router, guard }),
            connections_max: self.config.limits.connections,
            clock: Arc::clone(&self.parts.clock),
            metrics: self.metrics.clone(),
        }
    }
}
