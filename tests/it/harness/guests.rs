//! Rules for tests, made from text that a person can read.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use super::{from_text, typed};

/// A rule of `tests/fixtures/rules`, made a component. A file that is a component already is left as it is.
pub(crate) fn assembled(fixture: &str) -> Vec<u8> {
    let path = fixtures().join(format!("{fixture}.wat"));
    let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no {path:?}"));
    from_text(&text, "rule")
}

/// The rule that sends the requests that the parameters spell; see `fetcher.wat`.
pub(crate) fn fetcher() -> Vec<u8> {
    let wit = concat!(
        include_str!("../../../wit/rule.wit"),
        include_str!("../../fixtures/wit/fetcher.wit")
    );
    let module = typed(core_module("fetcher"), wit, "fetcher");
    rulemint::rule::componentize(&module).unwrap()
}

/// A core module of `tests/fixtures/rules`, left as it is.
pub(crate) fn core_module(fixture: &str) -> Vec<u8> {
    wat::parse_file(fixtures().join(format!("{fixture}.wat"))).unwrap()
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules")
}

/// The rule that the repository ships.
pub(crate) fn jti_rule() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/10-jti.wasm")).unwrap()
}

/// The rule that answers as the request's parameter `answer` spells; see [`Change`].
pub(crate) fn mirror() -> Vec<u8> {
    assembled("mirror")
}

/// What the mirror can be told to answer.
#[derive(Clone, Debug)]
pub(crate) enum Change<'t> {
    Set(&'t str, &'t str),
    Remove(&'t str),
    RemoveScope(&'t str),
    Shorten(u32),
    Deny(&'t str, &'t str),
    Invalid(&'t str),
    Internal(&'t str),
    Trap,
}

impl Change<'_> {
    /// How several of them are spelt in the parameter `answer`.
    pub(crate) fn spell(changes: &[Self]) -> String {
        let text = |text: &str| format!("{}:{text}", text.len());
        let spelt = changes.iter().map(|change| match *change {
            Self::Set(name, value) => format!("S{}{}", text(name), text(value)),
            Self::Remove(name) => format!("R{}", text(name)),
            Self::RemoveScope(scope) => format!("P{}", text(scope)),
            Self::Shorten(seconds) => format!("L{seconds}:"),
            Self::Deny(code, why) => format!("D{}{}", text(code), text(why)),
            Self::Invalid(why) => format!("I{}", text(why)),
            Self::Internal(why) => format!("F{}", text(why)),
            Self::Trap => "!".to_owned(),
        });
        spelt.collect()
    }
}

/// A module of about 585 KiB that takes a compiler half a minute: sixty thousand blocks that all end in one place.
pub(crate) fn bomb() -> Vec<u8> {
    let mut text = String::from(
        r#"(module
          (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "rulemint:rule/enrich@1.0.0#enrich") (param i32) (result i32)"#,
    );
    for _ in 0..BOMB_BLOCKS {
        text.push_str("(block (br_if 0 (i32.load (local.get 0))) (local.set 0 (i32.add (local.get 0) (i32.const 1))))");
    }
    text.push_str("(local.get 0)))");
    from_text(&text, "rule")
}

/// A component with this many imports that nobody offers.
pub(crate) fn many_imports(count: usize) -> Vec<u8> {
    let mut text = String::from("(component");
    for number in 0..count {
        write!(text, "(import \"f{number}\" (func))").unwrap();
    }
    text.push(')');
    wat::parse_str(text).unwrap()
}

const BOMB_BLOCKS: usize = 60_000;
