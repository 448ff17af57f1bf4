//! `/metrics`

use crate::{
    socket::connect,
    support::{ECHO, TestServer},
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The samples of an exposition, which is held to the rules of OpenMetrics: each family is described before its
/// samples and once, samples have names that fit its type, histograms count up to their count, `# EOF` ends it.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut families: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut helped, mut with_unit) = (BTreeSet::new(), BTreeSet::new());
    let mut samples = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(described) = line.strip_prefix("# ") {
            let mut words = described.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("EOF"), None, None) => assert!(lines.peek().is_none(), "`# EOF` is the end"),
                (Some("HELP"), Some(name), Some(help)) => assert!(helped.insert(name) && help.len() > 5, "{line}"),
                (Some("TYPE"), Some(name), Some(kind)) => assert!(families.insert(name, kind).is_none(), "{line}"),
                (Some("UNIT"), Some(name), Some(unit)) => {
                    assert!(with_unit.insert(name) && name.ends_with(unit), "{line}")
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("a sample");
        let bare = name.split('{').next().expect("a name");
        let family = families.iter().find(|(family, kind)| match (bare.strip_prefix(**family), **kind) {
            (Some(suffix), "counter") => suffix == "_total",
            (Some(suffix), "gauge") => suffix.is_empty(),
            (Some(suffix), "info") => suffix == "_info",
            (Some(suffix), "histogram") => ["_sum", "_count", "_bucket"].contains(&suffix),
            _ => false,
        });
        assert!(family.is_some(), "no family before {line}");
        assert!(samples.insert(name.to_owned(), value.parse().expect("a number")).is_none(), "twice: {name}");
    }
    assert!(text.ends_with("# EOF\n"), "it has an end");
    assert!(families.keys().all(|family| helped.contains(family)), "each family says what it is");
    for (family, kind) in families {
        let seconds = family.ends_with("_seconds") || family.ends_with("_bytes");
        assert_eq!(seconds, with_unit.contains(family), "{family} ({kind}): units are told where they are in the name");
    }
    samples
}

#[tokio::test]
async fn figures_are_told_as_prometheus_reads_them() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let id = server.submit("tests/echo", json!({})).await;
    server.ended(&id).await;
    let alert = json!({"type": "system_alert", "severity": "info", "component": "c", "message": "m"});
    server.send_json("/api/v1/events", &alert).await.expect(201);
    server.read("/api/v1/executions/nonsense").await;
    assert_eq!(server.read("/api/ws").await.status, 400);
    let _client = connect(&server).await;
    let answer = server.get("/metrics").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    let samples = samples(&answer.text().await.unwrap());
    let of = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("no {name} in {samples:#?}"));
    assert_eq!(of("signalbox_events_total{type=\"system_alert\"}"), 1.0);
    assert_eq!(of("signalbox_events_total{type=\"execution_complete\"}"), 1.0);
    assert_eq!(of("signalbox_websocket_connections"), 1.0);
    assert_eq!(of("signalbox_refused_total{reason=\"malformed\"}"), 1.0, "what is no handshake");
    assert!(!samples.contains_key("signalbox_bus_connected"), "there is none");
    assert_eq!(of("signalbox_executions_running"), 0.0);
    assert!(of("signalbox_commit_seconds_count") >= 2.0 && of("signalbox_commit_seconds_sum") > 0.0);
    assert_eq!(of("signalbox_commit_seconds_bucket{le=\"+Inf\"}"), of("signalbox_commit_seconds_count"));
    assert!(of("signalbox_task_seconds_count") >= 1.0);
    assert!(of("signalbox_publish_lag_seconds_count") >= 1.0);
    assert!(of("signalbox_flushes_total") >= 1.0);
    assert!(of("process_resident_memory_bytes") > 1_000_000.0 && of("process_open_fds") > 3.0);
    assert!(of("process_start_time_seconds") > 1_700_000_000.0);
    assert_eq!(of(&format!("signalbox_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
    let by_route = |route: &str, status: &str| {
        let labels =
            format!("signalbox_http_request_seconds_count{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}");
        of(&labels)
    };
    assert_eq!(by_route("/api/v1/executions/{id}", "4xx"), 1.0);
    assert!(by_route("/api/v1/executions/{id}", "2xx") >= 1.0, "the route, not the id");
}
