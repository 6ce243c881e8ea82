//! Scripts that mean harm: each ends in an error of its own, and the next token is as good as ever.

use rulemint::rule::{Fault, LimitHit};

use crate::harness::{TestServer, running_script};

/// A rule that does harm where the request asks for it, and sets a claim otherwise.
async fn hostile(harm: &str) -> TestServer {
    let rule = format!(
        "function (user, context, callback) {{
            if (context.request.body.harm) {{ {harm} }}
            context.accessToken['https://acme.example/well'] = true;
            callback(null, user, context);
        }}"
    );
    running_script(&rule, PATIENT).await
}

/// Does the harm, checks that the next token is as it should be, and gives what the harm came to.
async fn fault_of(harm: &str) -> Fault {
    let server = hostile(harm).await;
    let fault = server.fault(&[("harm", "yes")]).await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/well"], true);
    fault
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_with_its_processor_time() {
    let fault = fault_of("for (;;) {}").await;
    assert!(matches!(fault, Fault::Limit(LimitHit::Cpu(50))), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_regular_expression_that_explodes_ends_with_its_processor_time() {
    let fault = fault_of("/^(a+)+$/.test('a'.repeat(60) + '!');").await;
    assert!(matches!(fault, Fault::Limit(LimitHit::Cpu(50))), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_bomb_ends_with_its_memory() {
    let fault = fault_of("var all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));").await;
    assert!(
        matches!(
            fault,
            Fault::Limit(LimitHit::Memory { .. } | LimitHit::Cpu(_)) | Fault::Internal(_)
        ),
        "{fault}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_bomb_is_an_error_that_the_script_could_have_caught() {
    let fault = fault_of("(function deeper(n) { return deeper(n + 1) + 1; })(0);").await;
    let Fault::Internal(said) = &fault else {
        panic!("another fault: {fault}");
    };
    assert!(said.contains("stack"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_polluted_prototype_is_gone_with_its_sandbox() {
    let harm = "
        Object.prototype['https://acme.example/admin'] = true;
        Array.prototype.push = function () { throw new Error('mine'); };
        JSON.stringify = function () { return '{}'; };
        Promise.prototype.then = null;";
    let server = hostile(harm).await;
    // Whatever became of that token, the next one knows nothing of it.
    let _ = server.issue(&[("harm", "yes")]).await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/well"], true);
    assert!(claims.get("https://acme.example/admin").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_constructor_leads_nowhere_but_into_the_same_sandbox() {
    let harm = "
        var all = (function () {}).constructor('return this')();
        context.accessToken['https://acme.example/names'] =
            ['process', 'require', '__host', 'std', 'os', 'Deno', 'WebAssembly']
                .filter(function (name) { return typeof all[name] !== 'undefined'; });
        context.accessToken['https://acme.example/host'] =
            typeof all.__host + ' ' + Object.keys(all).join();";
    let server = hostile(harm).await;
    let claims = server.ask(&[("harm", "yes")]).await.claims();
    let said = claims["https://acme.example/host"].as_str().unwrap();
    assert!(said.starts_with("undefined"), "{said}");
    let names = &claims["https://acme.example/names"];
    for name in ["__host", "std", "os", "Deno", "WebAssembly"] {
        let names = names.as_array().unwrap();
        assert!(!names.iter().any(|found| found == name), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_claims_of_the_host_are_as_safe_from_a_script_as_from_any_rule() {
    let harm = "context.accessToken.iss = 'https://evil.example';";
    let server = hostile(harm).await;
    let fault = server.fault(&[("harm", "yes")]).await;
    assert!(fault.to_string().contains("iss"), "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_breaks_its_runtime_gets_no_token() {
    let harm = "
        Object.getOwnPropertyNames(globalThis).forEach(function (name) {
            try { globalThis[name] = null; } catch (e) {}
            try { delete globalThis[name]; } catch (e) {}
        });";
    let server = hostile(harm).await;
    let _ = server.issue(&[("harm", "yes")]).await;
    let claims = server.ask(&[]).await.claims();
    assert_eq!(claims["https://acme.example/well"], true);
}

/// On a busy machine the clock may run out before the processor time does.
const PATIENT: &str = "[limits]\nwall_ms = 20000\n";
