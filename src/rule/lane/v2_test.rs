//! Two majors of the contract side by side: a made-up second one beside the first, through the same loader.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use super::{Called, Code, Major, Wants, majors};
use crate::clock::SystemClock;
use crate::master_key::MasterKey;
use crate::random::SystemRandom;
use crate::rule::answer::Answer;
use crate::rule::engine::Engine;
use crate::rule::event::Event;
use crate::rule::state::CallState;
use crate::rule::{
    Cases, CompiledRules, CompilerProgram, Digest, Fingerprint, LoadError, Loader, Source,
    Surroundings, componentize, rehearse,
};
use crate::telemetry::metrics::Metrics;

wasmtime::component::bindgen!({
    path: "tests/fixtures/wit-2",
    world: "rule",
    exports: { default: async },
});

/// `rulemint:rule@2`.
struct V2 {
    linker: Linker<CallState>,
}

struct Linked(RulePre<CallState>);

impl Major for V2 {
    fn enrich(&self) -> &'static str {
        "rulemint:rule/enrich@2."
    }

    fn wit(&self) -> &'static str {
        WIT
    }

    fn interfaces(&self) -> &'static [&'static str] {
        &[]
    }

    fn link(&self, component: &Component, _: &Wants) -> wasmtime::Result<Box<dyn Code>> {
        let linked = self.linker.instantiate_pre(component)?;
        Ok(Box::new(Linked(RulePre::new(linked)?)))
    }
}

impl Code for Linked {
    fn lane(&self) -> &'static str {
        "component, rulemint:rule@2"
    }

    fn answer<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, Answer> {
        Box::pin(async {
            let state = store.data();
            let event = Event::new(state.request()?, state.settings_in_force())?;
            let event = serde_json::to_string(&event)?;
            let instance = self.0.instantiate_async(&mut *store).await?;
            let answer = instance
                .rulemint_rule_enrich()
                .call_enrich(store, &event)
                .await?;
            Ok(serde_json::from_str(&answer)?)
        })
    }

    fn start<'c>(&'c self, store: &'c mut Store<CallState>) -> Called<'c, wasmtime::Result<()>> {
        Box::pin(async { Ok(self.0.instantiate_async(store).await.map(drop)) })
    }

    fn problems<'c>(&'c self, _: &'c mut Store<CallState>) -> Called<'c, Vec<String>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// A loader with both majors, and a directory that goes away with it.
struct Both {
    loader: Loader,
    compiled: CompiledRules,
    engine: wasmtime::Engine,
    _directory: tempfile::TempDir,
}

impl Both {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let master = MasterKey::load_or_create(directory.path(), &SystemRandom).unwrap();
        let compiled = || CompiledRules::new(directory.path().to_owned(), &master);
        let surroundings = Surroundings::new(
            Arc::new(SystemClock::new()),
            Arc::new(SystemRandom),
            Metrics::new(),
        );
        let surroundings = Arc::new(surroundings.unwrap());
        let engine = surroundings.engine.wasmtime().clone();
        let nobody = CompilerProgram {
            path: "/nowhere".into(),
            arguments: Vec::new(),
        };
        let mut loader = Loader::new(surroundings, compiled(), nobody);
        loader.majors = majors(&engine).unwrap();
        loader.majors.push(Arc::new(V2 {
            linker: Linker::new(&engine),
        }));
        Self {
            loader,
            compiled: compiled(),
            engine,
            _directory: directory,
        }
    }

    /// Loads a component. It is compiled here: the loader finds it among what was compiled before.
    async fn load(&self, name: &str, wasm: &[u8]) -> Result<Arc<crate::rule::Rule>, LoadError> {
        let digest = Digest::of(wasm);
        let code = Engine::compiler(None)
            .unwrap()
            .precompile_component(wasm)
            .unwrap();
        let engine = &self.loader.surroundings.engine;
        assert!(wasmtime::Engine::same(engine.wasmtime(), &self.engine));
        self.compiled.put(&digest, &code, engine).unwrap();
        let source = Source {
            name: name.into(),
            form: crate::rule::Form::Wasm,
            bytes: wasm.into(),
            digest,
            manifest: None,
            manifest_file: format!("{name}.toml").into(),
            outside: Fingerprint::default(),
            cases: Cases::default(),
            is_proven: false,
        };
        self.loader.load(&source).await
    }
}

/// A rule for the world `rule` of a contract, from text.
fn rule(wit: &str, text: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let package = resolve.push_str("rule.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some("rule")).unwrap();
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).unwrap();
    componentize(&module).unwrap()
}

fn of_the_second_major() -> Vec<u8> {
    rule(
        WIT,
        r#"(module
          (memory (export "memory") 1)
          (data (i32.const 64) "{\"changes\":[{\"op\":\"set_claim\",\"name\":\"major\",\"value\":2}]}")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
          (func (export "rulemint:rule/enrich@2.0.0-test#enrich") (param i32 i32) (result i32)
            (i32.store (i32.const 0) (i32.const 64))
            (i32.store (i32.const 4) (i32.const 57))
            i32.const 0))"#,
    )
}

#[tokio::test]
async fn rules_of_two_majors_run_side_by_side() {
    let both = Both::new();
    let first = both
        .load("10-first", include_bytes!("../../../rules/10-jti.wasm"))
        .await
        .unwrap();
    let second = both
        .load("20-second", &of_the_second_major())
        .await
        .unwrap();
    assert_eq!(first.lane(), "component, rulemint:rule@1");
    assert_eq!(second.lane(), "component, rulemint:rule@2");
    let (first, second) = (
        rehearse(&first, &Event::default(), None).await.unwrap(),
        rehearse(&second, &Event::default(), None).await.unwrap(),
    );
    assert!(first.after["jti"].get().starts_with('"'));
    assert_eq!(second.after["major"].get(), "2");
}

#[tokio::test]
async fn a_rule_of_an_unknown_major_is_told_which_there_are() {
    let both = Both::new();
    let wit = WIT.replace("2.0.0-test", "3.0.0");
    let text = r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "rulemint:rule/enrich@3.0.0#enrich") (param i32 i32) (result i32) unreachable))"#;
    let problem = both.load("10-rule", &rule(&wit, text)).await.err().unwrap();
    let expected = "it exports rulemint:rule/enrich@3.0.0; this server runs rulemint:rule/enrich@1.x and \
                    rulemint:rule/enrich@2.x";
    assert!(problem.to_string().contains(expected), "{problem}");
}

#[tokio::test]
async fn a_rule_that_wants_another_first_major_is_shown_the_difference() {
    let both = Both::new();
    let contract = majors(&both.engine).unwrap()[0].wit().to_owned();
    let altered = contract.replace(
        "shorten-lifetime(u32),",
        "shorten-lifetime(u32),\n    extend-lifetime(u32),",
    );
    let text = r#"(module (memory (export "memory") 1)
        (import "rulemint:rule/types@1.0.0" "[method]request.issued-at" (func (param i32) (result i64)))
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "rulemint:rule/enrich@1.0.0#enrich") (param i32) (result i32) unreachable))"#
        .replace("(module (memory (export \"memory\") 1)\n        (import", "(module (import")
        .replace("(result i64)))\n", "(result i64)))\n (memory (export \"memory\") 1)\n");
    let problem = both
        .load("10-rule", &rule(&altered, &text))
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(
        problem.contains("another version of the contract"),
        "{problem}"
    );
    assert!(problem.contains("- extend-lifetime(u32),"), "{problem}");
    assert!(!problem.contains("shorten-lifetime"), "{problem}");
}

const WIT: &str = include_str!("../../../tests/fixtures/wit-2/rule.wit");
