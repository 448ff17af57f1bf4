//! Executions that wait to be let in.

use super::{Backend, sample::Run};
use crate::{QueueFilter, Store};
use protocol::{ExecutionId, Outcome, event::Origin};
use std::sync::Arc;

async fn listed(store: &Arc<dyn Store>, filter: QueueFilter) -> Vec<ExecutionId> {
    let all = store.queued(filter.clone(), 100).await.expect("a list");
    assert_eq!(store.queued_count(filter.clone()).await.expect("a count"), all.len() as u64);
    assert_eq!(store.queued(filter, 1).await.expect("a list"), all[..all.len().min(1)]);
    all.into_iter().map(|queued| queued.execution_id).collect()
}

fn by_key(key: &str) -> QueueFilter {
    QueueFilter { key: Some(key.into()), ..QueueFilter::default() }
}

/// By priority, then by age; out of the queue when let in, when cancelled before that, and never again.
pub async fn queued_executions_are_let_in_in_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut runs: Vec<Run> = Vec::new();
    for (path, reason, key, priority) in [
        ("p", "concurrency", Some("a"), 0),
        ("p", "concurrency", Some("a"), 5),
        ("p", "concurrency", Some("b"), -5),
        ("q", "concurrency", Some("a"), 5),
        ("q", "rate", None, i32::MIN),
    ] {
        let mut run = Run::of(path);
        let origin = Origin { priority, ..Origin::default() };
        store.commit(run.wait_for(reason, key, origin)).await.expect("a commit");
        runs.push(run);
    }
    let mut direct = Run::of("p");
    store.commit(direct.start()).await.expect("a commit");
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    assert_eq!(listed(&store, by_key("a")).await, [ids[1], ids[3], ids[0]]);
    assert_eq!(listed(&store, by_key("c")).await, []);
    let of_p = QueueFilter { path: Some("p".into()), ..QueueFilter::default() };
    assert_eq!(listed(&store, of_p.clone()).await, [ids[1], ids[0], ids[2]]);
    assert_eq!(listed(&store, QueueFilter { key: Some("b".into()), ..of_p.clone() }).await, [ids[2]]);
    let all = store.queued(QueueFilter::default(), 100).await.expect("a list");
    assert_eq!(all.iter().map(|q| q.priority).collect::<Vec<_>>(), [5, 5, 0, -5, i32::MIN]);
    assert_eq!((all[4].reason.as_str(), all[4].key.as_deref(), all[4].path.as_str()), ("rate", None, "q"));
    let queues = store.queues().await.expect("queues");
    let queues: Vec<_> = queues.iter().map(|(p, r, k, n)| (p.as_str(), r.as_str(), k.as_deref(), *n)).collect();
    let limited = "concurrency";
    let expected = [
        ("p", limited, Some("a"), 2),
        ("p", limited, Some("b"), 1),
        ("q", limited, Some("a"), 1),
        ("q", "rate", None, 1),
    ];
    assert_eq!(queues, expected);

    store.commit(runs[1].start()).await.expect("it is let in");
    store.commit(runs[3].end(Outcome::Cancelled)).await.expect("it is cancelled");
    assert_eq!(listed(&store, by_key("a")).await, [ids[0]]);
    store.commit(runs[1].end(Outcome::Completed)).await.expect("it ends");
    for _ in 0..2 {
        store.sweep_waiting().await.expect("swept");
        assert_eq!(listed(&store, QueueFilter::default()).await, [ids[0], ids[2], ids[4]]);
    }
    let mut recovered = store.active_executions(None, 10).await.expect("active");
    recovered.retain(|execution| execution.phase == protocol::Phase::Initial);
    assert_eq!(recovered.iter().map(|x| x.execution_id).collect::<Vec<_>>(), [ids[0], ids[2], ids[4]]);
}
