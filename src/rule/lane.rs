//! The ways to write a rule. Each is linked in a fashion of its own; all see the same event, give the same answer and
//! run under the same limits.
//!
//! - [`v1`]: components against `rulemint:rule@1`.
//! - [`command`]: programs that read the event from standard input and write the answer to standard output.
//!
//! A new major of the contract is one more [`Major`]; a new way to write rules is one more [`Code`].

pub(super) mod command;
pub(super) mod program;
pub(super) mod v1;
#[cfg(test)]
mod v2_test;

use std::pin::Pin;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::Component;

use super::answer::Answer;
use super::state::CallState;
pub use program::Description;

/// The code of a rule, linked and ready to be called, each time in a fresh sandbox.
pub(super) trait Code: Send + Sync {
    /// Which way the rule is written, in a few words for people.
    fn lane(&self) -> &'static str;

    /// For code whose calls leave nothing behind, so that one can be begun again.
    fn quick(&self) -> Option<&dyn Quick> {
        None
    }

    /// For code whose instances can answer one call after another.
    fn lasting(&self) -> Option<&dyn Lasting> {
        None
    }

    /// Asks for the answer to the sandbox's draft.
    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer>;

    /// Starts it and asks nothing: what has the right names for the wrong things is found out here, inside.
    fn start<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, wasmtime::Result<()>>;

    /// Asks what is wrong with the rule's settings. Code that does not check them has no objection.
    fn problems<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Vec<String>>;

    /// Asks a program what it is. Components say so in their imports and exports.
    fn describe<'c>(&'c self, _store: &'c mut Store<CallState>) -> Called<'c, Option<Description>> {
        Box::pin(async { Ok(None) })
    }
}

/// Code that can be called on the caller's own stack, which is the cheapest way.
pub(super) trait Quick {
    /// Asks for the answer to the sandbox's draft.
    fn answer(&self, store: &mut Store<CallState>) -> wasmtime::Result<Answer>;
}

/// Code whose instances can answer one call after another.
pub(super) trait Lasting: Sync {
    /// Makes an instance in a sandbox, which is its own from then on.
    fn instance<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Box<dyn Instance>>;

    /// How many places of the pool an instance takes.
    fn places(&self) -> u32;
}

/// An instance that can be asked again.
pub(super) trait Instance: Send + Sync {
    /// Asks for the answer to the draft that its sandbox has now.
    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer>;
}

/// A call under way.
pub(super) type Called<'c, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'c>>;

/// One major version of the contract. Several are alive side by side; a component says by its exports which it is for.
pub(super) trait Major: Send + Sync {
    /// How the name of the export begins that every rule of this major has, such as `rulemint:rule/enrich@1.`.
    fn enrich(&self) -> &'static str;

    /// The contract, as text.
    fn wit(&self) -> &'static str;

    /// The names of the interfaces in package `rulemint:rule` that it offers.
    fn interfaces(&self) -> &'static [&'static str];

    /// Links a component that exports [`enrich`](Self::enrich).
    ///
    /// # Errors
    /// When its imports or exports have other types than the contract's.
    fn link(&self, component: &Component, wants: &Wants) -> wasmtime::Result<Box<dyn Code>>;

    /// Its number: `1.` for `rulemint:rule@1`.
    fn number(&self) -> &'static str {
        self.enrich().rsplit('@').next().unwrap_or_default()
    }
}

/// What the names of a component's imports and exports say, and what its manifest grants.
#[derive(Clone, Copy)]
pub(super) struct Wants {
    /// It imports some of WASI.
    pub(super) uses_wasi: bool,
    /// It exports a check of its settings.
    pub(super) validates_settings: bool,
    /// It sends HTTP requests.
    pub(super) uses_http: bool,
    /// Calls leave something behind, here or elsewhere: a cache, a request.
    pub(super) leaves_traces: bool,
}

/// Every major that this server runs, the newest last.
pub(super) fn majors(engine: &wasmtime::Engine) -> wasmtime::Result<Vec<Arc<dyn Major>>> {
    Ok(vec![Arc::new(v1::V1::new(engine)?)])
}
