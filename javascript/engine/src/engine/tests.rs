//! A script's two lives, with runtimes made up for each story.

use super::boot;
use crate::exports::rulemint::javascript::script::{Module, Program};
use crate::rulemint::rule::types::{Change, Failure};

/// A runtime whose parts are given as the source of each.
fn program(boot: &str, enrich: &str, tick: &str, result: &str) -> Program {
    let runtime = format!(
        "globalThis.__rulemint = {{ boot(file, source, modules, options) {{ {boot} }}, \
         enrich(event) {{ {enrich} }}, tick() {{ {tick} }}, result() {{ {result} }} }};"
    );
    let module = Module {
        name: "ms".into(),
        source: "module.exports = 1;".into(),
    };
    Program {
        runtime,
        file: "10-partner.js".into(),
        source: "the source".into(),
        modules: vec![module],
        options: "{\"a\":1}".into(),
    }
}

fn enrich(event: &str) -> Result<Vec<Change>, Failure> {
    super::enrich(event, |_| {})
}

fn claims(event: &str) -> Vec<(String, String)> {
    let claim = |change| match change {
        Change::SetClaim(claim) => (claim.name, claim.value),
        other => panic!("{other:?}"),
    };
    enrich(event).unwrap().into_iter().map(claim).collect()
}

fn fault(program: Program) -> String {
    boot(program).unwrap();
    match enrich("{}") {
        Err(Failure::Internal(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_runtime_gets_the_whole_program_and_each_event() {
    boot(program(
        "this.given = [file, source, modules, options]",
        "this.event = event",
        "return false",
        "return ['changes', [['set-claim', 'a', JSON.stringify([this.given, this.event])]]]",
    ))
    .unwrap();
    let given = r#"["10-partner.js","the source",[["ms","module.exports = 1;"]],"{\"a\":1}"]"#;
    for event in ["1", "2"] {
        let value = format!("[{given},\"{event}\"]");
        assert_eq!(claims(event), [("a".to_owned(), value)]);
    }
}

#[test]
fn promises_and_ticks_take_turns_until_neither_has_more() {
    boot(program(
        "",
        "this.said = []; this.left = 2; Promise.resolve().then(() => this.said.push('job'))",
        "this.said.push('tick'); Promise.resolve().then(() => this.said.push('job')); \
         return this.left-- > 0",
        "return ['changes', [['set-claim', 'a', this.said.join()]]]",
    ))
    .unwrap();
    let turns = "job,tick,job,tick,job,tick";
    assert_eq!(claims("{}"), [("a".to_owned(), turns.to_owned())]);
}

#[test]
fn jobs_of_loading_are_done_before_the_first_token() {
    boot(program(
        "Promise.resolve().then(() => { this.ready = 'yes' })",
        "",
        "return false",
        "return ['changes', [['set-claim', 'a', this.ready]]]",
    ))
    .unwrap();
    assert_eq!(claims("{}"), [("a".to_owned(), "yes".to_owned())]);
}

#[test]
fn what_boot_throws_is_the_error_of_loading() {
    let refusal = boot(program(
        "throw new Error('10-partner.js:3: no')",
        "",
        "",
        "",
    ));
    assert_eq!(refusal.unwrap_err(), "10-partner.js:3: no");
}

#[test]
fn a_runtime_that_lacks_a_function_is_not_loaded() {
    let mut lacking = program("", "", "", "");
    lacking.runtime = "globalThis.__rulemint = { boot() {}, enrich() {}, tick() {} };".into();
    assert!(boot(lacking).is_err());
    let mut broken = program("", "", "", "");
    broken.runtime = "let = ;".into();
    assert!(boot(broken).unwrap_err().starts_with("SyntaxError: "));
}

#[test]
fn a_second_script_does_not_go_into_the_same_sandbox() {
    let again = || program("", "", "return false", "return ['changes', []]");
    boot(again()).unwrap();
    assert!(
        boot(again())
            .unwrap_err()
            .contains("holds a script already")
    );
    assert!(enrich("{}").unwrap().is_empty());
}

#[test]
fn a_token_before_any_script_is_a_fault() {
    let refusal = enrich("{}");
    assert!(
        matches!(&refusal, Err(Failure::Internal(text)) if text.starts_with("no script is loaded")),
        "{refusal:?}"
    );
}

#[test]
fn what_a_call_throws_is_a_fault() {
    let result = "return ['changes', []]";
    let text = fault(program("", "throw new RangeError('far')", "", result));
    assert_eq!(text, "RangeError: far");
}

#[test]
fn what_a_promise_leaves_behind_does_not_disturb_the_answer() {
    let reject = "Promise.reject(new Error('unheard'))";
    boot(program(
        "",
        reject,
        "return false",
        "return ['changes', []]",
    ))
    .unwrap();
    assert!(enrich("{}").unwrap().is_empty());
}

/// What is said of a token in which this happens.
fn said(happens: &str) -> Vec<String> {
    let mut rejecting = program(
        "this.script = __host.evaluate(source, file)",
        "this.script()",
        "return false",
        "return ['changes', []]",
    );
    rejecting.source = format!("() => {{ {happens} }}");
    boot(rejecting).unwrap();
    let said = std::cell::RefCell::new(Vec::new());
    super::enrich("{}", |text| said.borrow_mut().push(text.to_owned())).unwrap();
    said.into_inner()
}

#[test]
fn a_rejection_that_nobody_hears_is_said_with_its_place() {
    let said = said("Promise.reject(new TypeError('unheard'));");
    let [text] = &said[..] else {
        panic!("{said:?}");
    };
    assert!(text.contains("hears of it: TypeError: unheard\n"), "{text}");
    assert!(text.contains("10-partner.js:1:"), "{text}");
}

#[test]
fn a_rejection_without_an_error_is_said_with_its_value() {
    let said = said("Promise.reject({ code: 7 });");
    assert!(said[0].ends_with("hears of it: {\"code\":7}"), "{said:?}");
}

#[test]
fn a_rejection_that_is_heard_late_is_no_matter() {
    let late = "const p = Promise.reject(new Error('late')); p.catch(() => {});";
    assert!(said(late).is_empty());
}

#[test]
fn what_an_async_function_throws_and_its_caller_hears_is_no_matter() {
    assert!(said("(async () => { throw new Error('a'); })().catch(() => {});").is_empty());
}

#[test]
fn a_rejection_belongs_to_its_token() {
    let first = "if (this.before) return; this.before = true; Promise.reject(1);";
    assert_eq!(said(first).len(), 1);
    let again = std::cell::Cell::new(0);
    super::enrich("{}", |_| again.set(again.get() + 1)).unwrap();
    assert_eq!(again.get(), 0);
}

#[test]
fn a_token_says_so_much_and_no_more() {
    assert_eq!(
        said("for (let i = 0; i < 100; i++) Promise.reject(i);").len(),
        10
    );
}

#[test]
fn what_a_job_throws_is_a_fault_that_names_the_place() {
    let mut job = program(
        "this.script = __host.evaluate('() => { throw new Error(\"late\") }', file)",
        "queueMicrotask(this.script)",
        "return false",
        "return ['changes', []]",
    );
    job.source = String::new();
    let text = fault(job);
    assert!(
        text.starts_with("late\n") && text.contains("10-partner.js:1:"),
        "{text}"
    );
}

#[test]
fn recursion_without_end_is_a_fault_and_the_next_token_is_served() {
    boot(program(
        "this.times = 0",
        "const deep = () => deep() + 1; if (this.times++ === 0) deep()",
        "return false",
        "return ['changes', []]",
    ))
    .unwrap();
    let Err(Failure::Internal(text)) = enrich("{}") else {
        panic!("it is a fault");
    };
    assert!(text.starts_with("RangeError: Maximum call stack"), "{text}");
    assert!(enrich("{}").unwrap().is_empty());
}
