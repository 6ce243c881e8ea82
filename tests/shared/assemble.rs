//! Makes rules out of readable text, for every test binary that needs some.

use std::fmt::Write;

use rulemint::rule::componentize;
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A rule that sets one claim and nothing else. `value` is JSON.
pub(crate) fn rule_that_sets(name: &str, value: &str) -> Vec<u8> {
    let (name_length, value_length) = (name.len(), value.len());
    let text = format!(
        r#"(module
          (import "rulemint:rule/types@1.0.0" "[resource-drop]request" (func $drop (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 256) "{}")
          (data (i32.const 512) "{}")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "rulemint:rule/enrich@1.0.0#enrich") (param i32) (result i32)
            (call $drop (local.get 0))
            (i32.store (i32.const 4) (i32.const 16))
            (i32.store (i32.const 8) (i32.const 1))
            (i32.store (i32.const 20) (i32.const 256))
            (i32.store (i32.const 24) (i32.const {name_length}))
            (i32.store (i32.const 28) (i32.const 512))
            (i32.store (i32.const 32) (i32.const {value_length}))
            i32.const 0))"#,
        escaped(name),
        escaped(value),
    );
    from_text(&text, "rule")
}

/// Bytes as they stand between the quotes of the text format.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "\\{byte:02x}").unwrap();
    }
    escaped
}

/// Assembles a module for a world of the contract.
pub(crate) fn from_text(text: &str, world: &str) -> Vec<u8> {
    let binary = wat::parse_str(text).unwrap_or_else(|problem| panic!("{problem}"));
    if text.contains("(component") {
        return binary;
    }
    componentize(&typed(binary, include_str!("../../wit/rule.wit"), world)).unwrap()
}

/// A core module that says which world it was built for, as wit-bindgen leaves it.
pub(crate) fn typed(mut module: Vec<u8>, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("rule.wit", wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}
