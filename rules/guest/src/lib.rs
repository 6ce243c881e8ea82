//! Writes [rulemint](https://crates.io/crates/rulemint) rules in Rust.
//!
//! ```ignore
//! use rulemint_guest::{Changes, Failure, Request, host};
//!
//! fn enrich(request: &Request) -> Result<Changes, Failure> {
//!     if request.client_metadata("suspended").is_some() {
//!         return Err(Failure::denied("access_denied", "this client is suspended"));
//!     }
//!     let mut changes = Changes::new();
//!     changes.set("jti", &host::uuid_v4());
//!     Ok(changes)
//! }
//!
//! rulemint_guest::rule!(enrich);
//! ```
//!
//! - [`Request`] reads what the rule needs to know, [`Changes`] collects what it wants changed.
//! - [`host`] makes UUIDs and writes log lines; [`cache`] keeps values between calls, and [`secrets`] has secrets, where the
//!   manifest grants them.
//! - [`rule!`] exports the function; [`rule_with_settings!`] also exports a check of the manifest's settings.
//! - [`arena`] is the allocator, and why a rule built with it is fast.

#[cfg(feature = "arena")]
pub mod arena;
mod changes;
mod export;

pub use changes::{Changes, json_string};

/// The bindings that `wit/rule.wit` gives, for what this crate has no friendlier form of.
pub mod bindings {
    #[cfg(not(feature = "settings"))]
    wit_bindgen::generate!({
        path: "wit",
        world: "rule",
        pub_export_macro: true,
        default_bindings_module: "rulemint_guest::bindings",
    });
    #[cfg(feature = "settings")]
    wit_bindgen::generate!({
        path: "wit",
        world: "rule-with-settings",
        pub_export_macro: true,
        default_bindings_module: "rulemint_guest::bindings",
    });
}

pub use bindings::rulemint::rule::types::{Change, Failure, Request};
pub use bindings::rulemint::rule::{cache, host, secrets};

#[doc(hidden)]
pub use export::report_panics;

impl Failure {
    /// A refusal that the caller sees: one of the codes that `wit/rule.wit` lists, and a sentence.
    pub fn denied(code: &str, description: &str) -> Self {
        Self::Denied(bindings::rulemint::rule::types::Denial {
            code: code.to_owned(),
            description: description.to_owned(),
        })
    }
}
