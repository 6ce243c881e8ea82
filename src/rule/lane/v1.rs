//! Components against `rulemint:rule@1`.

use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker, Resource};

use super::{Called, Code, Instance, Lasting, Major, Quick, Wants};
use crate::rule::answer::{self, Answer, Json};
use crate::rule::bindings::RequestHandle;
use crate::rule::bindings::v1::rulemint::rule::http::{Incoming, Outgoing};
use crate::rule::bindings::v1::rulemint::rule::types::{Change, Claim, Failure};
use crate::rule::bindings::v1::rulemint::rule::{cache, host, http, secrets, types};
use crate::rule::bindings::v1::{Rule, RuleIndices, RulePre, quick, with_settings};
use crate::rule::host::wasi;
use crate::rule::pool;
use crate::rule::state::CallState;

/// `rulemint:rule@1`.
pub(in crate::rule) struct V1 {
    linker: Linker<CallState>,
    /// For rules that may send HTTP requests.
    with_http: Linker<CallState>,
}

impl V1 {
    pub(in crate::rule) fn new(engine: &wasmtime::Engine) -> wasmtime::Result<Self> {
        let mut with_http = Linker::new(engine);
        link_contract(&mut with_http)?;
        http::add_to_linker::<_, HasSelf<_>>(&mut with_http, |state| state)?;
        wasi::link(&mut with_http)?;
        wasi::link_http(&mut with_http)?;
        let mut linker = Linker::new(engine);
        link_contract(&mut linker)?;
        link_refusal(&mut linker)?;
        wasi::link(&mut linker)?;
        Ok(Self { linker, with_http })
    }
}

fn link_contract(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    host::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    cache::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    secrets::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}

/// A rule that may not send requests is told so without waiting for anything: it can still be called on the caller's own
/// stack.
fn link_refusal(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    let mut http = linker.instance("rulemint:rule/http@1.0.0")?;
    http.func_wrap("send", |mut store, (_,): (Outgoing,)| {
        let refused: Result<Incoming, String> = Err(store.data_mut().refuse_http());
        Ok((refused,))
    })
}

impl Major for V1 {
    fn enrich(&self) -> &'static str {
        "rulemint:rule/enrich@1."
    }

    fn wit(&self) -> &'static str {
        WIT
    }

    fn interfaces(&self) -> &'static [&'static str] {
        &["types", "host", "cache", "secrets", "http"]
    }

    fn link(&self, component: &Component, wants: &Wants) -> wasmtime::Result<Box<dyn Code>> {
        let linker = match wants.uses_http {
            true => &self.with_http,
            false => &self.linker,
        };
        let linked = linker.instantiate_pre(component)?;
        let validating = match wants.validates_settings {
            true => Some(with_settings::RuleWithSettingsPre::new(linked.clone())?),
            false => None,
        };
        let quick = match wants.uses_wasi || wants.leaves_traces {
            true => None,
            false => Some(quick::RulePre::new(linked.clone())?),
        };
        Ok(Box::new(Linked {
            patient: RulePre::new(linked)?,
            quick,
            validating,
            places: pool::share(component),
        }))
    }
}

struct Linked {
    patient: RulePre<CallState>,
    quick: Option<quick::RulePre<CallState>>,
    validating: Option<with_settings::RuleWithSettingsPre<CallState>>,
    /// How many places of the pool an instance takes.
    places: u32,
}

impl Code for Linked {
    fn lane(&self) -> &'static str {
        "component, rulemint:rule@1"
    }

    fn quick(&self) -> Option<&dyn Quick> {
        self.quick.as_ref().map(|quick| quick as &dyn Quick)
    }

    fn lasting(&self) -> Option<&dyn Lasting> {
        Some(self)
    }

    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer> {
        Box::pin(async {
            let instance = self.patient.instantiate_async(&mut *store).await?;
            instance.answer(store).await
        })
    }

    fn start<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, wasmtime::Result<()>> {
        let linked = self.patient.instance_pre();
        Box::pin(async move {
            let instance = linked.instantiate_async(&mut *store).await?;
            let typed = RuleIndices::new(linked)?.load(store, &instance);
            Ok(typed.map(drop))
        })
    }

    fn problems<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Vec<String>> {
        Box::pin(async {
            let Some(linked) = &self.validating else {
                return Ok(Vec::new());
            };
            let settings = store.data().settings_in_force().get().to_owned();
            let instance = linked.instantiate_async(&mut *store).await?;
            let checks = instance.rulemint_rule_settings();
            let verdict = checks.call_validate(store, &settings).await?;
            Ok(verdict.err().unwrap_or_default())
        })
    }
}

impl Lasting for Linked {
    fn instance<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Box<dyn Instance>> {
        Box::pin(async {
            let instance = self.patient.instantiate_async(store).await?;
            Ok(Box::new(instance) as Box<dyn Instance>)
        })
    }

    fn places(&self) -> u32 {
        self.places
    }
}

impl Instance for Rule {
    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer> {
        Box::pin(async {
            let request = the_request(store);
            let enrich = self.rulemint_rule_enrich();
            Ok(answer_of(enrich.call_enrich(store, request).await?))
        })
    }
}

impl Quick for quick::RulePre<CallState> {
    fn answer(&self, store: &mut Store<CallState>) -> wasmtime::Result<Answer> {
        let instance = self.instantiate(&mut *store)?;
        let request = the_request(store);
        let enrich = instance.rulemint_rule_enrich();
        Ok(answer_of(enrich.call_enrich(store, request)?))
    }
}

/// The number of the call stands for its request. A guest gets it for its own: there are languages whose bindings cannot
/// give a borrowed one back in time. One that was built for a borrowed request gets that.
fn the_request(store: &Store<CallState>) -> Resource<RequestHandle> {
    Resource::new_own(store.data().turn)
}

fn answer_of(answer: Result<Vec<Change>, Failure>) -> Answer {
    match answer {
        Ok(changes) => Answer::Changes(changes.into_iter().map(change_of).collect()),
        Err(Failure::Denied(denial)) => Answer::Denied(answer::Denial {
            code: denial.code,
            description: denial.description,
        }),
        Err(Failure::Invalid(text)) => Answer::Invalid(text),
        Err(Failure::Internal(text)) => Answer::Internal(text),
    }
}

fn change_of(change: Change) -> answer::Change {
    match change {
        Change::SetClaim(Claim { name, value }) => answer::Change::SetClaim {
            name,
            value: Json(value),
        },
        Change::RemoveClaim(name) => answer::Change::RemoveClaim { name },
        Change::RemoveScope(scope) => answer::Change::RemoveScope { scope },
        Change::ShortenLifetime(seconds) => answer::Change::ShortenLifetime { seconds },
    }
}

const WIT: &str = include_str!("../../../wit/rule.wit");
