//! What is measured has charts, in a time of the test's own.

use crate::{clock::Clock, support::Bench};
use protocol::{
    Event, Position, Timestamp, Topic,
    api::{Series, SeriesPage, SeriesQuery},
};
use runtime::{Environment, Membership, Retention, credentials::Vault};
use serde_json::json;
use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

async fn bench(clock: &Arc<Clock>) -> Bench {
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let retention = Retention::default();
    Bench::keeping(store, "server", 4, Membership::Alone, clock.clone(), Vault::in_memory(), retention).await
}

fn of(name: &str) -> SeriesQuery {
    SeriesQuery { name: name.to_owned(), ..SeriesQuery::default() }
}

fn only(page: SeriesPage) -> Option<Series> {
    let mut series = page.series.into_iter();
    let one = series.next();
    assert!(series.next().is_none(), "one source");
    one.filter(|series| !series.points.is_empty())
}

#[tokio::test]
async fn a_server_measures_itself_every_five_seconds() {
    let clock = Clock::at("2026-03-01T00:00:00Z");
    let bench = bench(&clock).await;
    let api = bench.runtime.api();
    for name in [
        "cpu_usage",
        "memory_usage",
        "process_cpu_usage",
        "process_memory",
        "active_connections",
        "subscriptions",
        "event_rate",
        "flush_rate",
        "queue_depth",
        "executions_running",
    ] {
        let series = clock.until(async || only(api.metric_series(of(name)).await.expect("a page"))).await;
        assert_eq!((series.server.as_deref(), series.agent_id.as_deref()), (Some("server"), None), "{name}");
        let point = series.points[0];
        assert!(point.at.0 % 5_000 == 0 && point.count == 1 && point.min <= point.max, "{name}: {point:?}");
    }
    let memory = only(api.metric_series(of("process_memory")).await.expect("a page")).expect("points");
    assert!(memory.points[0].mean > 1_000_000.0 && memory.unit == "bytes", "{memory:?}");
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn what_programs_publish_is_rolled_up_and_thins_out_with_age() {
    let clock = Clock::at("2026-03-01T00:00:00Z");
    let bench = bench(&clock).await;
    let api = bench.runtime.api();
    let publish = async |value: f64| {
        let metric = json!({"type": "performance_metric", "metricName": "latency", "value": value, "unit": "ms",
            "category": "agent", "agentId": "a"});
        api.publish(vec![metric]).await.expect("published");
    };
    publish(1.0).await;
    publish(4.0).await;
    let series = clock.until(async || only(api.metric_series(of("latency")).await.expect("a page"))).await;
    assert_eq!((series.agent_id.as_deref(), series.server.as_deref()), (Some("a"), None));
    let point = series.points[0];
    assert_eq!((point.count, point.mean, point.min, point.max), (2, 2.5, 1.0, 4.0));

    // After two hours the rows of 5 s are gone; those of a minute tell of the day.
    clock.set("2026-03-01T02:00:00Z");
    let now = clock.now();
    let day = SeriesQuery { from: Some(now.0 - 86_000_000), until: Some(now.0), ..of("latency") };
    let page = clock
        .until(async || {
            let page = api.metric_series(day.clone()).await.expect("a page");
            (!page.series.is_empty()).then_some(page)
        })
        .await;
    assert_eq!((page.resolution_ms, page.series[0].points[0].count), (60_000, 2));
    let fine = async || {
        let from = Timestamp(now.0 - 7_200_000);
        bench.store.metrics("latency", None, 5_000, from, now).await.expect("rows").is_empty().then_some(())
    };
    clock.until(fine).await;
    let wide = SeriesQuery { from: Some(now.0 - 20 * 86_400_000), ..of("latency") };
    let page = clock
        .until(async || {
            let page = api.metric_series(wide.clone()).await.expect("a page");
            (!page.series.is_empty()).then_some(page)
        })
        .await;
    assert_eq!((page.resolution_ms, page.series[0].points[0].count), (300_000, 2));
    let names = api.metric_names().await.expect("names");
    assert!(names.series.iter().any(|series| series.name == "latency" && series.agent_id.as_deref() == Some("a")));
    let backwards = SeriesQuery { from: Some(2), until: Some(1), ..of("latency") };
    assert_eq!(api.metric_series(backwards).await.expect_err("it ends before it begins").code, "query_parameter");
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn measurements_beyond_what_charts_take_are_told_of_again_whenever_there_are_more_and_never_raised() {
    let clock = Clock::at("2026-03-01T00:00:00Z");
    let bench = bench(&clock).await;
    let api = bench.runtime.api();
    let metric = |name: String| json!({"type": "performance_metric", "metricName": name, "value": 1, "unit": "ms", "category": "agent"});
    let alerts = async |count: usize| {
        let page = bench.store.log(&Topic::SystemAlerts, Position(0), 100).await.expect("readable");
        let told = page.events.into_iter().map(|envelope| match envelope.event {
            Event::SystemAlert(alert) => alert.details.expect("an alert of ours"),
            other => panic!("{} among the alerts", other.name()),
        });
        let told: Vec<_> = told.collect();
        (told.len() >= count).then_some(told)
    };
    // As many as there may be; the server's own have their places already.
    clock.hasten_until(async || only(api.metric_series(of("cpu_usage")).await.expect("a page"))).await;
    api.publish((0..1_000).map(|n| metric(n.to_string())).collect()).await.expect("published");
    let told = clock.hasten_until(async || alerts(1).await).await;
    let expected = json!({"code": "too_many_series", "about": "metrics"});
    assert_eq!(told.into_iter().map(serde_json::Value::Object).collect::<Vec<_>>(), std::slice::from_ref(&expected));
    // Nothing more is left out: nothing more is told. Were it, it would be in the two minutes until what comes then.
    let later = clock.now().plus_ms(120_000);
    let measured_later = async || {
        let series = only(api.metric_series(of("cpu_usage")).await.expect("a page"))?;
        series.points.iter().any(|point| point.at >= later).then_some(())
    };
    clock.hasten_until(measured_later).await;
    assert_eq!(alerts(0).await.expect("them").len(), 1);
    api.publish(vec![metric("one more".to_owned())]).await.expect("published");
    let told = clock.hasten_until(async || alerts(2).await).await;
    assert_eq!(serde_json::Value::Object(told[1].clone()), expected);
    bench.runtime.shutdown().await;
}

#[tokio::test]
async fn without_the_store_the_other_figures_are_told() {
    let clock = Clock::at("2026-03-01T00:00:00Z");
    let bench = bench(&clock).await;
    let api = bench.runtime.api();
    let found = api.figures().await;
    assert_eq!((found.queue_depth, found.executions_running), (Some(0), Some(0)));
    bench.runtime.shutdown().await;
    let found = api.figures().await;
    assert_eq!((found.queue_depth, found.executions_running), (None, None), "the store is closed");
    assert!(!found.events.is_empty() && !found.commit.buckets.is_empty(), "{found:?}");
}
