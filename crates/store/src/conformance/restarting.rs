//! Closing and opening again.

use super::{
    Backend,
    sample::{Run, T0, as_read, assert_gap_free, everything, loose, note, playbook},
};
use crate::{ExecutionFilter, StoreError};
use futures::future::join_all;
use protocol::{Outcome, Position, Topic};
use serde_json::json;

/// The log, its identity, rows and tasks; positions go on where they stopped.
pub async fn everything_is_there_after_reopening(backend: &dyn Backend) {
    if !backend.keeps() {
        let first = backend.open().await;
        first.commit(loose(T0, vec![note(json!(1))])).await.expect("a commit");
        let second = backend.open().await;
        assert_ne!(first.epoch(), second.epoch(), "a store of its own has its own log");
        assert_eq!(second.head().await.expect("the head"), Position(0));
        return;
    }
    let mut run = Run::of("samples/kept");
    let mut events = Vec::new();
    let mut epoch = None;
    for round in 0..4_u64 {
        let store = backend.open().await;
        assert_eq!(epoch.get_or_insert_with(|| store.epoch().clone()), store.epoch());
        assert_eq!(everything(&*store).await, events);
        assert_eq!(store.playbooks().await.expect("a list").len(), usize::from(round > 0));
        assert_eq!(store.open_tasks(None).await.expect("tasks").len(), usize::from(round > 0));
        let active = store.active_executions(None, 10).await.expect("active");
        assert_eq!(active.iter().map(|row| row.version).collect::<Vec<_>>(), vec![run.version; usize::from(round > 0)]);
        assert_eq!(store.counts().await.expect("counts").0.running, u64::from(round > 0));
        let commit = if round == 0 { run.start() } else { run.step() };
        let written = store.commit(commit).await.expect("a commit");
        assert_eq!(written.first, Position(events.len() as u64 + 1));
        events.extend(as_read(&written.events));
        store.register_playbook(playbook("p/kept", "same")).await.expect("a registration");
        store.close().await;
    }
    assert_gap_free(&events);
}

/// What was accepted is answered and durable; afterwards every call says that the store is closed.
pub async fn close_flushes_what_is_queued_and_refuses_the_rest(backend: &dyn Backend) {
    let store = backend.open().await;
    let calls: Vec<_> = (0..200)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(loose(T0, vec![note(json!(n))])).await })
        })
        .collect();
    tokio::task::yield_now().await;
    tokio::join!(store.close(), store.close());
    let mut accepted = 0;
    for result in join_all(calls).await {
        match result.expect("no panic") {
            Ok(_) => accepted += 1,
            Err(StoreError::Closed) => {}
            Err(other) => panic!("expected `closed`, got {other}"),
        }
    }
    let mut run = Run::of("samples/closed");
    let closed = |error: StoreError| assert!(matches!(error, StoreError::Closed), "{error}");
    closed(store.commit(run.start()).await.expect_err("a commit"));
    closed(store.head().await.expect_err("a read"));
    closed(store.log(&Topic::Events, Position(0), 1).await.expect_err("a read"));
    closed(store.executions(ExecutionFilter::default()).await.expect_err("a read"));
    closed(store.register_playbook(playbook("p", "s")).await.expect_err("a registration"));
    if backend.keeps() {
        let store = backend.open().await;
        assert_eq!(everything(&*store).await.len(), accepted);
        store.commit(run.end(Outcome::Completed)).await.expect_err("it never started");
    }
}
