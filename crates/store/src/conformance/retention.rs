//! What ended long ago goes; what is under way stays, and so do positions.

use super::{
    Backend,
    sample::{Run, T0, everything, history, loose},
};
use crate::{ExecutionFilter, Pruned, Store};
use protocol::{
    Event, Outcome, Position, Timestamp, Topic, TopicKind,
    event::{Origin, Rerun, Severity, SystemAlert},
};
use serde_json::json;
use std::sync::Arc;

const DAY: i64 = 86_400_000;

fn day(n: i64) -> Timestamp {
    Timestamp(T0.0 + n * DAY)
}

/// Moves an execution from one day to its end on another.
async fn ended(store: &Arc<dyn Store>, path: &str, began: i64, ended: i64, origin: Origin) -> Run {
    let mut run = Run::at(path, day(began));
    store.commit(run.start_from(origin)).await.expect("a commit");
    let large = json!("v".repeat(300_000));
    store.commit(run.return_value("s1", 1, large)).await.expect("a commit");
    run.time = day(ended);
    store.commit(run.end(Outcome::Completed)).await.expect("a commit");
    run
}

async fn prune_all(store: &Arc<dyn Store>, before: Timestamp) -> Pruned {
    let mut all = Pruned::default();
    loop {
        let pruned = store.prune(before, 2).await.expect("pruned");
        assert!(pruned.executions <= 2);
        if pruned == Pruned::default() {
            return all;
        }
        all.executions += pruned.executions;
        all.events += pruned.events;
    }
}

/// Executions that ended before a time go whole; those under way, those that ended later and the newest event stay.
pub async fn what_ended_long_ago_goes_whole(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut open = Run::at("samples/open", day(0));
    store.commit(open.start()).await.expect("a commit");
    let origin = Origin { idempotency_key: Some("order 7".into()), parent: Some(open.task_key()), ..Origin::default() };
    let old = ended(&store, "samples/old", 0, 1, origin).await;
    store.acquire("key", old.id, 1, day(0)).await.expect("a place");
    for n in 0..5 {
        ended(&store, "samples/old", 0, 1 + n % 2, Origin::default()).await;
    }
    let late = ended(&store, "samples/late", 0, 20, Origin::default()).await;
    let before = everything(&*store).await;

    let pruned = prune_all(&store, day(10)).await;
    assert_eq!(pruned, Pruned { executions: 6, events: 6 * 7 });
    assert_eq!(store.execution(old.id).await.expect("a read"), None);
    assert_eq!(store.execution_events(old.id, Position(0), 100).await.expect("events"), []);
    assert_eq!(store.submission("order 7").await.expect("a read"), None);
    assert_eq!(store.lineage(old.id).await.expect("a read").and_then(|lineage| lineage.parent), None);
    assert_eq!(store.permits("key").await.expect("permits"), []);
    let left: Vec<_> = before
        .iter()
        .filter(|e| e.event.execution_id() == Some(open.id) || e.event.execution_id() == Some(late.id))
        .cloned()
        .collect();
    assert_eq!(everything(&*store).await, left);
    let listed = store.executions(ExecutionFilter { limit: 10, ..ExecutionFilter::default() }).await.expect("a page");
    let ids: Vec<_> = listed.executions.iter().map(|row| row.execution_id).collect();
    assert_eq!(ids, [late.id, open.id]);
    let counts = store.counts().await.expect("counts").0;
    assert_eq!((counts.completed, counts.running), (1, 1));

    // The same value was in all of them: it stays as long as somebody refers to it.
    let mut events = store.execution_events(late.id, Position(0), 100).await.expect("events");
    store.hydrate(&mut events).await.expect("values");
    let value = events.iter().find_map(|event| match &event.event {
        Event::ActionCompleted(done) => done.result.as_str().map(str::len),
        _ => None,
    });
    assert_eq!(value, Some(300_000));

    // All that has ended is old by now, but for the newest event, positions go on from.
    let head = store.head().await.expect("the head");
    assert_eq!(prune_all(&store, day(1_000)).await, Pruned::default(), "it holds the newest event");
    store.commit(open.step()).await.expect("a commit");
    assert_eq!(prune_all(&store, day(1_000)).await.executions, 1);
    assert!(store.head().await.expect("the head") > head);
    let (blobs,): (i64,) = store
        .database()
        .optional(crate::sql::statement::sql("SELECT count(*) FROM blobs"))
        .await
        .expect("a read")
        .expect("a row");
    assert_eq!(blobs, 0, "nobody refers to the value any more");
    store.commit(open.end(Outcome::Completed)).await.expect("what is under way goes on");
}

/// What a queued rerun is going to take over stays until it is let in, however old.
pub async fn what_waits_to_be_run_again_stays(backend: &dyn Backend) {
    let store = backend.open().await;
    let original = ended(&store, "samples/original", 0, 1, Origin::default()).await;
    let other = ended(&store, "samples/other", 0, 1, Origin::default()).await;
    let mut rerun = Run::at("samples/original", day(2));
    let origin = Origin { rerun: Some(Rerun { of: original.id, from: None }), ..Origin::default() };
    store.commit(rerun.wait_for("concurrency", Some("k"), origin)).await.expect("a commit");
    assert_eq!(prune_all(&store, day(10)).await.executions, 1);
    assert!(store.execution(other.id).await.expect("a read").is_none());
    assert_ne!(store.execution_events(original.id, Position(0), 100).await.expect("events"), []);
    store.commit(rerun.start()).await.expect("a commit");
    assert_eq!(prune_all(&store, day(10)).await.executions, 1);
    assert!(store.execution(original.id).await.expect("a read").is_none());
}

/// Each page of a history says up to where some of it may be gone; only of what anything is gone of.
pub async fn a_history_says_where_it_begins(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut open = Run::at("samples/open", day(0));
    store.commit(open.start()).await.expect("a commit");
    let old = ended(&store, "samples/old", 0, 1, Origin::default()).await;
    let gone = store.head().await.expect("the head");
    store.commit(open.step()).await.expect("a commit");
    let topics = [
        Topic::Events,
        Topic::WorkflowExecutions,
        Topic::Workflow("samples/old".into()),
        Topic::Execution(old.id),
        Topic::Workflow("samples/open".into()),
        Topic::Execution(open.id),
        Topic::SystemAlerts,
        Topic::Agent("a".into()),
        Topic::All(TopicKind::Execution),
        Topic::All(TopicKind::Workflow),
        Topic::All(TopicKind::Agent),
        Topic::All(TopicKind::Thread),
    ];
    let all = async |after: u64| {
        let mut all = Vec::new();
        for topic in &topics {
            all.push(store.log(topic, Position(after), 10).await.expect("a page").complete_after);
        }
        all
    };
    assert_eq!(all(0).await, [Position(0); 12]);
    prune_all(&store, day(10)).await;
    let none = Position(0);
    assert_eq!(all(0).await, [gone, gone, gone, gone, none, none, none, none, gone, gone, none, none]);
    assert_eq!(history(&*store, &Topic::Execution(open.id), Position(0), 3).await.len(), 7);
}

/// Old alerts go by themselves.
pub async fn old_alerts_go(backend: &dyn Backend) {
    let store = backend.open().await;
    let alert = |n: i64| {
        let alert = SystemAlert {
            severity: Severity::Info,
            component: "test".into(),
            message: format!("alert {n}"),
            details: None,
            timestamp: day(n),
        };
        loose(day(n), vec![alert.into()])
    };
    for n in 0..8 {
        store.commit(alert(n)).await.expect("a commit");
    }
    let mut run = Run::of("samples/beside");
    store.commit(run.start()).await.expect("a commit");
    assert_eq!(store.prune_events("system_alert", day(5), 3).await.expect("pruned"), 3);
    assert_eq!(store.prune_events("system_alert", day(5), 3).await.expect("pruned"), 2);
    assert_eq!(store.prune_events("system_alert", day(5), 3).await.expect("pruned"), 0);
    let page = store.log(&Topic::SystemAlerts, Position(0), 10).await.expect("a page");
    let left: Vec<_> = page.events.iter().filter_map(|event| event.position).collect();
    assert_eq!((left, page.complete_after), (vec![Position(6), Position(7), Position(8)], Position(5)));
    assert_eq!(store.execution_events(run.id, Position(0), 10).await.expect("events").len(), 3);
}
