//! HTTP requests of rules, to the hosts that their manifests name and to no others.
//!
//! The engine's own implementation of wasi:http sends anything anywhere; here it only has the types, and every request
//! comes to [`Hooks`]. A request that is for a listed host goes to that host as the manifest spells it: no part of what the
//! rule wrote decides where a connection goes, which name is looked up, or which certificate is good enough.

mod address;
mod allowed;
mod dial;
mod exchange;
mod header;
mod origin;
pub(super) mod plain;
mod refusal;
mod resolve;

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::HeaderName;
use hyper::{HeaderMap, Request, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpHooks,
};

pub use allowed::HttpAllowed;
pub(super) use allowed::mistakes;
pub use resolve::{Resolver, SystemResolver};

use super::Rule;
use super::secret::{SecretSource, Secrets};
use crate::telemetry::metrics::HttpMetrics;
use dial::Dialer;
use header::{Template, is_the_hosts};
use origin::Origin;
pub(super) use refusal::Refusal;
use refusal::{Ending, Phase};

/// What one rule may send, made ready when it was loaded.
pub(super) struct Outbound {
    hosts: Vec<Listed>,
    allowed: HttpAllowed,
    dialer: Dialer,
    secrets: Arc<Secrets>,
    metrics: HttpMetrics,
}

/// A host that the manifest lists, and the headers that requests to it get.
struct Listed {
    origin: Origin,
    headers: HeaderMap,
}

impl Outbound {
    /// Makes ready what a manifest grants, with the secrets that it names. Blocks: call it where that is allowed.
    ///
    /// # Errors
    /// What is wrong with the certificates or the headers, and what to do.
    pub(super) fn new(
        allowed: &HttpAllowed,
        named: &BTreeMap<String, SecretSource>,
        secrets: &Arc<Secrets>,
        (resolver, metrics): (Arc<dyn Resolver>, HttpMetrics),
    ) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for origin in allowed.origins() {
            let mut headers = HeaderMap::new();
            for (name, value) in allowed.headers_for(&origin) {
                let template = Template::parse(name, value, named)?;
                let (name, value) = template.fill(secrets)?;
                headers.insert(name, value);
            }
            hosts.push(Listed { origin, headers });
        }
        let needs_tls = hosts.iter().any(|host| host.origin.is_https);
        let tls = needs_tls.then(|| dial::tls(allowed.ca.as_deref()));
        Ok(Self {
            dialer: Dialer {
                resolver,
                private: allowed.private,
                tls: tls.transpose()?,
                timeout_ms: allowed.timeout_ms,
            },
            hosts,
            allowed: allowed.clone(),
            secrets: Arc::clone(secrets),
            metrics,
        })
    }

    /// How requests end, for metrics.
    pub(super) fn endings() -> [&'static str; Ending::ALL.len()] {
        Ending::ALL.map(|(_, name)| name)
    }

    async fn answer(
        &self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<Bytes>, Refusal> {
        let host = self.admit(&request)?;
        let began = Instant::now();
        let deadline = began + self.allowed.timeout();
        let body_max = (&host.headers, self.allowed.request_bytes);
        let slow = |phase| move |_| self.dialer.slow(&host.origin, phase);
        let request = timeout_at(deadline, exchange::prepare(request, &host.origin, body_max))
            .await
            .map_err(slow(Phase::Request))??;
        // A rule may be less patient than its manifest, never more.
        let patience =
            |chosen: Option<_>| chosen.map_or(deadline, |time| deadline.min(began + time));
        let options = options.unwrap_or_default();
        let stream = self
            .dialer
            .dial(&host.origin, patience(options.connect_timeout));
        let stream = stream.await?;
        let limits = (&host.origin, self.allowed.response_bytes);
        let answer = exchange::exchange(stream, request, limits);
        let answer = timeout_at(deadline, answer)
            .await
            .map_err(slow(Phase::Answer))??;
        self.withhold_echo(host, &answer)?;
        Ok(answer)
    }

    /// Finds the listed host that a request is for.
    fn admit(&self, request: &Request<WasiBody>) -> Result<&Listed, Refusal> {
        exchange::check_method(request.method())?;
        let uri = request.uri();
        let scheme = uri.scheme_str().unwrap_or_default();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let Some(asked) = Origin::asked(scheme, authority) else {
            let mut text = format!("{scheme}://{authority}");
            text.truncate(QUOTED_BYTES); // A URI is ASCII.
            return Err(Refusal::NotPlain(text));
        };
        let mut hosts = self.hosts.iter();
        hosts
            .find(|host| host.origin == asked)
            .ok_or_else(|| Refusal::NotListed(asked.to_string()))
    }

    /// A host that repeats what it was sent would show the rule a secret that it may not see.
    fn withhold_echo(&self, host: &Listed, answer: &Response<Bytes>) -> Result<(), Refusal> {
        let mut headers = answer.headers().values();
        let in_headers = headers.find_map(|value| self.secrets.hidden_in(value.as_bytes()));
        match in_headers.or_else(|| self.secrets.hidden_in(answer.body())) {
            None => Ok(()),
            Some(secret) => Err(Refusal::Echo {
                host: host.origin.to_string(),
                secret: secret.to_owned(),
            }),
        }
    }
}

/// What one call sends.
pub(super) struct Calls {
    pub(super) context: WasiHttpCtx,
    pub(super) hooks: Hooks,
}

impl Calls {
    /// `answers_token`: whether the call is one that answers a token request, and not a trial.
    pub(super) fn of(rule: &Rule, answers_token: bool) -> Box<Self> {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(FIELDS_BYTES_MAX);
        Box::new(Self {
            context,
            hooks: Hooks {
                outbound: rule.capabilities.outbound.clone(),
                answers_token,
                sent: 0,
                under_way: Arc::new(Semaphore::new(AT_ONCE_MAX)),
                notes: Notes::default(),
            },
        })
    }

    /// What there is to say in the rule's log.
    pub(super) fn notes(&self) -> Vec<String> {
        mem::take(&mut self.hooks.notes.lines())
    }
}

/// Where the requests of one call come out of the sandbox.
pub(super) struct Hooks {
    /// `None` where the manifest grants no HTTP.
    outbound: Option<Arc<Outbound>>,
    answers_token: bool,
    sent: u32,
    under_way: Arc<Semaphore>,
    notes: Notes,
}

impl Hooks {
    /// Whether a request is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.available_permits() < AT_ONCE_MAX
    }

    fn begin(&mut self) -> Result<(Arc<Outbound>, tokio::sync::OwnedSemaphorePermit), Refusal> {
        let outbound = self.outbound.as_ref().ok_or(Refusal::NotGranted)?;
        if !self.answers_token {
            return Err(Refusal::NoToken);
        }
        let limit = outbound.allowed.requests;
        if self.sent >= limit {
            return Err(Refusal::TooMany(limit));
        }
        let turn = Arc::clone(&self.under_way).try_acquire_owned();
        let turn = turn.map_err(|_| Refusal::TooManyAtOnce(AT_ONCE_MAX))?;
        self.sent += 1;
        Ok((Arc::clone(outbound), turn))
    }

    /// Sends a request and reads its answer to the end.
    pub(super) fn send(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> impl Future<Output = Result<Response<Bytes>, Refusal>> + Send + use<> {
        let begun = self.begin();
        let notes = self.notes.clone();
        let counted = Counted {
            outbound: self.outbound.clone(),
            ending: Ending::Abandoned,
        };
        async move {
            let answer = match begun {
                Ok((outbound, _turn)) => outbound.answer(request, options).await,
                Err(refusal) => Err(refusal),
            };
            match &answer {
                Ok(_) => counted.end(Ending::Answered),
                Err(refusal) => {
                    counted.end(refusal.ending());
                    notes.add(refusal);
                }
            }
            answer
        }
    }
}

/// What [`WasiHttpHooks::send_request`] gives back.
type Sent = Box<dyn Future<Output = Result<(Response<WasiBody>, Worker), Error>> + Send>;
/// What goes on after the answer: nothing, since it has been read to its end.
type Worker = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_the_hosts(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_the_hosts)
    }

    fn set_host_header(&mut self) -> bool {
        false // It is the listed host's, whatever the rule spelled.
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sent {
        let answer = self.send(request, options);
        Box::new(async move {
            let body = |bytes| Full::new(bytes).map_err(Error::from).boxed_unsync();
            match answer.await {
                Ok(answer) => Ok((answer.map(body), Box::new(async { Ok(()) }) as Worker)),
                Err(refusal) => Err(refusal.code()),
            }
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES_MAX
    }
}

/// Counts a request when it is over, also one that nobody waited for.
struct Counted {
    outbound: Option<Arc<Outbound>>,
    ending: Ending,
}

impl Counted {
    fn end(mut self, ending: Ending) {
        self.ending = ending;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(outbound) = &self.outbound {
            outbound.metrics.count(self.ending as usize);
        }
    }
}

/// What is said about requests that brought no answer, until the call is over.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, refusal: &Refusal) {
        let mut lines = self.lines();
        if lines.len() < NOTES_MAX {
            lines.push(format!("HTTP: {refusal}"));
        }
    }

    /// Held for one note, never across an await.
    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Requests of one call under way at the same moment.
const AT_ONCE_MAX: usize = 4;
/// Names and values of one set of headers, as they are in memory.
const FIELDS_BYTES_MAX: usize = 16 * 1024;
/// What a rule may write to a body in one go: every body that it opens may hold twice that.
const CHUNK_BYTES_MAX: usize = 16 * 1024;
const NOTES_MAX: usize = 20;
const QUOTED_BYTES: usize = 200;
