//! The figures under `/metrics`, after real tokens.

use std::collections::BTreeSet;

use crate::harness::{
    Change, Program, Setup, TestServer, assembled, fetcher, jti_rule, mirror, until,
};

/// The value of a line of the metrics: `NAME{LABELS}`.
async fn value(server: &TestServer, line: &str) -> f64 {
    let metrics = server.get("/metrics").await.body;
    let found = metrics.lines().find_map(|known| known.strip_prefix(line));
    let found = found.unwrap_or_else(|| panic!("no {line} in\n{metrics}"));
    found.trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluations_are_counted_by_outcome() {
    let server = Setup::new().with("10-mirror.wasm", mirror()).start().await;
    let told = [
        (vec![], "ok"),
        (vec![Change::Deny("access_denied", "no")], "denied"),
        (vec![Change::Internal("broken")], "failed"),
        (vec![Change::Trap], "crash"),
        (vec![Change::Set("iss", "1")], "refused_change"),
    ];
    for (changes, outcome) in told {
        server.ask(&[("answer", &Change::spell(&changes))]).await;
        let line =
            format!("rulemint_rule_evaluations_total{{rule=\"10-mirror\",outcome=\"{outcome}\"}}");
        assert_eq!(value(&server, &line).await, 1.0, "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_are_told_from_10_microseconds_on() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    for _ in 0..3 {
        server.ask(&[]).await.token();
    }
    let labels = "{rule=\"10-jti\"}";
    let count = format!("rulemint_rule_duration_seconds_count{labels}");
    assert_eq!(value(&server, &count).await, 3.0);
    let sum = value(
        &server,
        &format!("rulemint_rule_duration_seconds_sum{labels}"),
    )
    .await;
    assert!(0.0 < sum && sum < 60.0, "{sum}");
    let metrics = server.get("/metrics").await.body;
    let buckets = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix("rulemint_rule_duration_seconds_bucket{le=\"")?;
        rest.split('"').next()?.parse().ok()
    });
    let buckets: Vec<f64> = buckets.collect();
    assert_eq!(buckets[0], 10e-6);
    assert!(buckets.is_sorted() && buckets[15] > 0.3, "{buckets:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_the_host_are_counted_by_function() {
    let server = Setup::new()
        .with("10-chatty.wasm", assembled("chatty"))
        .with("20-jti.wasm", jti_rule())
        .with("30-remember.wasm", assembled("remember"))
        .with("40-mirror.wasm", mirror())
        .start()
        .await;
    server.ask(&[]).await.token();
    for (rule, function, times) in [
        ("10-chatty", "log", 100.0),
        ("20-jti", "uuid_v4", 1.0),
        ("20-jti", "uuid_v7", 0.0),
        ("30-remember", "cache_get", 1.0),
        ("30-remember", "cache_set", 1.0),
        ("30-remember", "cache_delete", 0.0),
        ("40-mirror", "request", 1.0),
    ] {
        let line =
            format!("rulemint_rule_host_calls_total{{rule=\"{rule}\",function=\"{function}\"}}");
        assert_eq!(value(&server, &line).await, times, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_was_begun_again_counts_once_and_has_ticks() {
    let server = Setup::new()
        .with("10-slow.wasm", assembled("say-and-spin"))
        .with(
            "10-slow.toml",
            "[limits]\ncpu_ms = 10000\nwall_ms = 20000\n",
        )
        .start()
        .await;
    server.ask(&[]).await.token();
    let logged = "rulemint_rule_host_calls_total{rule=\"10-slow\",function=\"log\"}";
    assert_eq!(value(&server, logged).await, 1.0);
    let ticks = "rulemint_rule_cpu_ticks_total{rule=\"10-slow\"}";
    assert!(value(&server, ticks).await >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peak_of_memory_is_what_the_rule_had() {
    let server = Setup::new().with("10-mirror.wasm", mirror()).start().await;
    server.ask(&[]).await.token();
    let peak = "rulemint_rule_memory_peak_bytes{rule=\"10-mirror\"}";
    assert_eq!(value(&server, peak).await, 18.0 * 65_536.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_shows_a_call_under_way() {
    let server = Setup::new()
        .with("10-slow.wasm", assembled("rogue/spin-in-call"))
        .with(
            "10-slow.toml",
            "on_error = \"skip\"\n[limits]\ncpu_ms = 2000\nwall_ms = 20000\n",
        )
        .start()
        .await;
    let used = |resource: &str| format!("rulemint_rule_pool_used{{resource=\"{resource}\"}} 1");
    let (token, ()) = tokio::join!(server.ask(&[]), async {
        until("the call to show", async || {
            let metrics = server.get("/metrics").await.body;
            let has = |line: &str| metrics.lines().any(|known| known == line);
            let resources = [
                "component_instances",
                "core_instances",
                "memories",
                "stacks",
            ];
            let shows = has("rulemint_rule_calls 1") && resources.iter().all(|it| has(&used(it)));
            shows.then_some(())
        })
        .await;
    });
    token.token();
    assert_eq!(value(&server, "rulemint_rule_calls").await, 0.0);
    assert_eq!(value(&server, "rulemint_rule_calls_max").await, 128.0);
    for (resource, max) in [
        ("component_instances", 128.0),
        ("core_instances", 4096.0),
        ("memories", 256.0),
        ("tables", 512.0),
        ("stacks", 128.0),
    ] {
        let used = format!("rulemint_rule_pool_used{{resource=\"{resource}\"}}");
        assert_eq!(value(&server, &used).await, 0.0, "{resource}");
        let places = format!("rulemint_rule_pool_max{{resource=\"{resource}\"}}");
        assert_eq!(value(&server, &places).await, max, "{resource}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_version_of_a_rule_is_told() {
    let described = Program {
        enrich: r#"{"changes":[]}"#,
        describe: r#"{"calls":["enrich"],"version":"2.1.0"}"#,
        ..Program::default()
    };
    let server = Setup::new()
        .with("10-jti.wasm", jti_rule())
        .with("20-described.wasm", described.module())
        .start()
        .await;
    let report = server.report().await;
    let digest = |rule: usize| report.rules[rule].digest.unwrap();
    let component = format!(
        "rulemint_rule_info{{rule=\"10-jti\",digest=\"{}\",lane=\"component, rulemint:rule@1\",version=\"\"}}",
        digest(0)
    );
    assert_eq!(value(&server, &component).await, 1.0);
    let metrics = server.get("/metrics").await.body;
    let program = format!(
        "rulemint_rule_info{{rule=\"20-described\",digest=\"{}\"",
        digest(1)
    );
    let program = metrics
        .lines()
        .find(|line| line.starts_with(&program))
        .unwrap();
    assert!(program.ends_with(",version=\"2.1.0\"} 1"), "{program}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_counted_timed_and_numbered() {
    let server = Setup::new().with("10-jti.wasm", jti_rule()).start().await;
    let generation = value(&server, "rulemint_rule_generation").await;
    let compiled = "rulemint_rule_compile_seconds{rule=\"10-jti\"}";
    assert!(value(&server, compiled).await > 0.0);
    server.put_rule("20-mirror.wasm", mirror());
    let swapped = "rulemint_rule_reloads_total{result=\"swapped\"} 2";
    until("the reload", async || {
        let metrics = server.get("/metrics").await.body;
        metrics.lines().any(|line| line == swapped).then_some(())
    })
    .await;
    assert_eq!(
        value(&server, "rulemint_rule_generation").await,
        generation + 1.0
    );
    assert_eq!(value(&server, "rulemint_rules").await, 2.0);
    let since = value(&server, "rulemint_rule_generation_since_timestamp_seconds").await;
    assert_eq!(since, server.report().await.since as f64);
    server.put_rule("30-bad.wasm", "no rule");
    server.until_problem("30-bad", "not_a_rule").await;
    let kept = "rulemint_rule_reloads_total{result=\"kept\"}";
    assert_eq!(value(&server, kept).await, 1.0);
    assert_eq!(value(&server, "rulemint_rule_problems").await, 1.0);
}

/// Every metric has a line in docs/operations.md, and every line there a metric.
#[tokio::test(flavor = "multi_thread")]
async fn the_table_in_the_docs_is_complete() {
    // What no rule may do is not counted.
    let fetching_kept = "instances = \"kept\"\n[http]\nhosts = [\"https://crm.example\"]\n";
    let server = Setup::new()
        .with("10-jti.wasm", jti_rule())
        .with("20-fetch.wasm", fetcher())
        .with("20-fetch.toml", fetching_kept)
        .start()
        .await;
    let metrics = server.get("/metrics").await.body;
    let declared = metrics.lines().filter_map(|line| {
        let (name, kind) = line.strip_prefix("# TYPE rulemint_")?.split_once(' ')?;
        Some(match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
    });
    let page = include_str!("../../../docs/operations.md");
    let (_, table) = page
        .split_once("| metric (all begin with `rulemint_`)")
        .unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let first_cells = table.lines().filter_map(|line| line.split('|').nth(1));
    let told = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let told = told.map(|name| name.split('{').next().unwrap().to_owned());
    assert_eq!(
        declared.collect::<BTreeSet<_>>(),
        told.collect::<BTreeSet<_>>()
    );
}
