//! Files that cannot be rules: the old rule serves on, and the reason is told.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};

use rulemint::reload::RuleState;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{serving_good, version};
use crate::harness::{TestServer, assembled, bomb, many_imports, typed};

const FILE: &str = "10-rule.wasm";

/// Does something bad to the rule's file and gives what is said about it.
async fn said_about(code: &str, harm: impl FnOnce(&TestServer)) -> String {
    let server = serving_good().await;
    harm(&server);
    let rule = server.until_problem("10-rule", code).await;
    assert_eq!(rule.state, RuleState::Kept);
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
    rule.problem.unwrap().text
}

async fn said_about_file(code: &str, bytes: impl AsRef<[u8]>) -> String {
    said_about(code, |server| server.put_rule(FILE, bytes)).await
}

/// Puts something else than a file in the file's place.
async fn said_about_place(code: &str, make: impl FnOnce(&std::path::Path)) -> String {
    said_about(code, |server| {
        let place = server.rules_dir().join(FILE);
        fs::remove_file(&place).unwrap();
        make(&place);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file() {
    assert_eq!(said_about_file("not_a_rule", "").await, "it is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_file() {
    let whole = version("new");
    let text = said_about_file("invalid", &whole[..whole.len() / 2]).await;
    assert!(text.contains("not WebAssembly that can run here"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage() {
    let text = said_about_file("not_a_rule", [0xa5; 4096]).await;
    assert_eq!(
        text,
        "it is not WebAssembly; if it is JavaScript, its name must end with .js"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_megabytes() {
    let text = said_about("too_large", |server| {
        let draft = server.scratch("draft");
        File::create(&draft).unwrap().set_len(100_000_000).unwrap();
        fs::rename(draft, server.rules_dir().join(FILE)).unwrap();
    })
    .await;
    assert!(text.contains("100000000 bytes"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_its_manifest_lets_it_have() {
    let mut large = version("new");
    large.resize(5 * 1024 * 1024, 0);
    let text = said_about_file("too_large", large).await;
    assert!(text.contains("limits.file_bytes"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipe() {
    let text = said_about_place("unreadable", |place| {
        mknodat(CWD, place, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    })
    .await;
    assert!(text.contains("a pipe"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory() {
    let text = said_about_place("unreadable", |place| fs::create_dir(place).unwrap()).await;
    assert!(text.contains("a directory"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_device() {
    let text = said_about_place("unreadable", |place| symlink("/dev/zero", place).unwrap()).await;
    assert!(text.contains("leads out"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_out_of_the_directory() {
    let text = said_about_place("unreadable", |place| {
        let outside = place.with_file_name("../outside.wasm");
        fs::write(&outside, version("outside")).unwrap();
        symlink("../outside.wasm", place).unwrap();
    })
    .await;
    assert!(text.contains("leads out"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_itself() {
    let text = said_about_place("unreadable", |place| symlink(FILE, place).unwrap()).await;
    assert!(text.contains("or nowhere"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_everybody_may_write_to() {
    let text = said_about("unreadable", |server| {
        let place = server.rules_dir().join(FILE);
        fs::set_permissions(place, fs::Permissions::from_mode(0o666)).unwrap();
        server.put_rule("20-nudge.wasm", version("good"));
    })
    .await;
    assert!(text.contains("chmod o-w"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_code() {
    // The beginning of what wasmtime writes: an ELF file with a section of its own.
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(4096, 0);
    let text = said_about_file("not_a_rule", elf).await;
    assert!(text.contains("machine code"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page() {
    let text = said_about_file("not_a_rule", "<!doctype html><title>404</title>").await;
    assert!(text.contains("web page"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn webassembly_in_text_form() {
    let text = said_about_file("not_a_rule", "(module)").await;
    assert!(text.contains("text form"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_module_without_a_type() {
    let text = said_about_file("invalid", wat::parse_str("(module)").unwrap()).await;
    assert!(text.contains("wit-bindgen"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_for_another_world() {
    let text = said_about_file("mismatch", assembled("misfit/no-enrich")).await;
    assert!(
        text.contains("it does not export rulemint:rule/enrich@1.x"),
        "{text}"
    );
    assert!(text.contains("it exports greet"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_wants_what_is_not_offered() {
    let text = said_about_file("mismatch", assembled("misfit/missing-import")).await;
    assert!(
        text.contains("it imports acme:directory/people@2.1.0"),
        "{text}"
    );
    assert!(text.contains("It offers rulemint:rule/"), "{text}");
    assert!(text.contains("rulemint rule wit"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_wants_the_network() {
    let text = said_about_file("mismatch", assembled("misfit/wasi-http")).await;
    assert!(
        text.contains("[http] hosts = [\"https://api.example\"]"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_with_other_types() {
    let text = said_about_file("mismatch", assembled("misfit/wrong-type")).await;
    assert!(text.contains("another version of the contract"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_for_a_later_contract() {
    let text = said_about_file("mismatch", assembled("misfit/next-major")).await;
    assert!(
        text.contains("it exports rulemint:rule/enrich@2.0.0"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_imports() {
    let text = said_about_file("mismatch", many_imports(10_000)).await;
    assert!(text.contains("10000 imports"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_module_for_another_world() {
    let wit = "package acme:other@1.0.0; world other { export f: func() -> u32; }";
    let module = wat::parse_str("(module (func (export \"f\") (result i32) i32.const 1))").unwrap();
    let text = said_about_file("mismatch", typed(module, wit, "other")).await;
    assert!(
        text.contains("it does not export rulemint:rule/enrich"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_never_ends() {
    let text = said_about_file("start", assembled("rogue/spin-at-start")).await;
    assert!(text.contains("limits.cpu_ms"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_gibibytes_of_memory() {
    let text = said_about_file("too_demanding", assembled("rogue/vast-memory")).await;
    assert!(text.contains("4294967296"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compile_bomb() {
    let text = said_about("compile_timeout", |server| {
        server.put_rule("10-rule.toml", "[limits]\ncompile_seconds = 1\n");
        server.put_rule(FILE, bomb());
    })
    .await;
    assert!(text.contains("limits.compile_seconds"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_for_one_rule() {
    let text = said_about("ambiguous", |server| server.put_rule("10-rule.js", "x")).await;
    assert!(text.contains("more than one file"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_without_a_rule() {
    let server = serving_good().await;
    server.put_rule("20-gone.toml", "required = true\n");
    let rule = server.until_problem("20-gone", "manifest").await;
    assert!(
        rule.problem
            .unwrap()
            .text
            .contains("there is no 20-gone.wasm")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_with_mistakes_names_all_of_them() {
    let text = said_about("manifest", |server| {
        server.put_rule("10-rule.toml", "requird = true\n[limits]\ncpu_ms = 0\n");
    })
    .await;
    assert!(
        text.contains("requird") && text.contains("required"),
        "{text}"
    );
    assert!(text.contains("limits.cpu_ms"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_always_fails_is_live_and_fails_alone() {
    let server = serving_good().await;
    server.put_rule("20-mirror.wasm", assembled("rogue/recurse"));
    server.put_rule("20-mirror.toml", "on_error = \"skip\"\n");
    server
        .until_rules("two rules", |report| report.rules.len() == 2)
        .await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "good");
}
