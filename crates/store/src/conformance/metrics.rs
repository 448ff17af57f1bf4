//! Measurements rolled up.

use super::{
    Backend,
    sample::{Run, T0},
};
use crate::{MetricKey, MetricRow, TaskChange};
use protocol::Timestamp;

fn row(name: &str, agent_id: &str, server: &str, at: i64, values: &[f64]) -> MetricRow {
    MetricRow {
        key: MetricKey { name: name.into(), agent_id: agent_id.into(), server: server.into() },
        resolution_ms: 5_000,
        at: Timestamp(T0.0 + at * 5_000),
        unit: "ms".into(),
        category: "system".into(),
        count: values.len() as u64,
        total: values.iter().sum(),
        least: values.iter().copied().fold(f64::INFINITY, f64::min),
        most: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// What two servers, or one twice, say of one stretch of time is added up; each series is read in time.
pub async fn measurements_of_one_time_add_up(backend: &dyn Backend) {
    let store = backend.open().await;
    store.add_metrics(Vec::new()).await.expect("nothing");
    let first =
        vec![row("cpu", "", "b", 1, &[4.0]), row("cpu", "", "a", 1, &[1.5, 2.5]), row("cpu", "", "a", 0, &[9.0])];
    store.add_metrics(first).await.expect("rows");
    let again = vec![row("cpu", "", "a", 1, &[-1.0]), row("cpu", "x", "", 1, &[7.0]), row("other", "", "a", 1, &[0.0])];
    store.add_metrics(again).await.expect("rows");
    let read = async |agent: Option<&str>, from: i64, until: i64| {
        let (from, until) = (Timestamp(T0.0 + from * 5_000), Timestamp(T0.0 + until * 5_000));
        store.metrics("cpu", agent, 5_000, from, until).await.expect("rows")
    };
    let a1 = row("cpu", "", "a", 1, &[1.5, 2.5, -1.0]);
    let all = vec![
        row("cpu", "", "a", 0, &[9.0]),
        a1.clone(),
        row("cpu", "", "b", 1, &[4.0]),
        row("cpu", "x", "", 1, &[7.0]),
    ];
    assert_eq!(read(None, 0, 2).await, all);
    assert_eq!(read(Some(""), 1, 2).await, all[1..3]);
    assert_eq!(read(Some("x"), 0, 9).await, all[3..]);
    assert_eq!(read(None, 0, 1).await, all[..1]);
    let names = store.metric_names(5_000, Timestamp(T0.0 + 5_000)).await.expect("names");
    let keys: Vec<_> =
        names.iter().map(|n| (n.key.name.as_str(), n.key.agent_id.as_str(), n.key.server.as_str())).collect();
    assert_eq!(keys, [("cpu", "", "a"), ("cpu", "", "b"), ("cpu", "x", ""), ("other", "", "a")]);
    assert_eq!(store.prune_metrics(5_000, a1.at).await.expect("a number"), 1);
    assert_eq!(store.prune_metrics(60_000, Timestamp(i64::MAX)).await.expect("a number"), 0);
    assert_eq!(read(None, 0, 2).await, all[1..]);
    // More than one statement takes.
    let many = (0..350).map(|n| row("many", &format!("agent {n}"), "", 0, &[f64::from(n)])).collect();
    store.add_metrics(many).await.expect("rows");
    assert_eq!(store.metrics("many", None, 5_000, T0, Timestamp(T0.0 + 1)).await.expect("rows").len(), 350);
}

/// Only what nobody has taken waits.
pub async fn the_queue_is_what_nobody_has_taken(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut taken, mut waiting) = (Run::of("a"), Run::of("b"));
    store.commit(taken.start()).await.expect("a commit");
    let mut commit = waiting.start();
    for change in &mut commit.tasks {
        if let TaskChange::Add { claimed_by, .. } = change {
            *claimed_by = None;
        }
    }
    assert_eq!(store.queue_depth().await.expect("a number"), 0);
    store.commit(commit).await.expect("a commit");
    assert_eq!(store.queue_depth().await.expect("a number"), 1);
}
