//! The engine that runs rules written in JavaScript: QuickJS as a component of the world in `wit/engine.wit`.
//!
//! A sandbox has two lives. First it loads: [`script`](Guest) evaluates the runtime and a script, and must touch no
//! import, because the host traps on all of them. Then the host takes a snapshot of the memory, and every token begins
//! with a copy of it: [`enrich`](exports::rulemint::rule::enrich::Guest) is one call into a script that is ready.

mod analysis;
mod answer;
mod bytecode;
mod engine;
#[cfg(target_arch = "wasm32")]
mod heap;
mod host;
mod http;
mod mistake;
mod phase;
mod rejection;
mod text;

wit_bindgen::generate!({
    path: ["../../wit", "wit"],
    world: "rulemint:javascript/engine",
    generate_all,
});

use exports::rulemint::javascript::script::Guest as Script;
use exports::rulemint::javascript::script::Program;
use exports::rulemint::rule::enrich::Guest as Enrich;
use rulemint::rule::host::{Level, log};
use rulemint::rule::types::{Change, Failure, Request};

/// What the component exports.
struct Component;

impl Script for Component {
    fn analyse(analyser: String, file: String, source: String) -> Result<String, String> {
        analysis::analyse(analyser, &file, &source)
    }

    fn boot(program: Program) -> Result<(), String> {
        engine::boot(program)?;
        #[cfg(target_arch = "wasm32")]
        heap::set_tokens_apart();
        phase::serve();
        Ok(())
    }
}

impl Enrich for Component {
    fn enrich(request: Request) -> Result<Vec<Change>, Failure> {
        engine::enrich(&request.event(), |text| {
            log(Level::Warn, text);
        })
    }
}

export!(Component);
