//! Commits no store can take: told at once, nothing applied, others unharmed.

use super::{
    Backend,
    sample::{Run, T0, everything, loose, note, task},
};
use crate::{
    Commit, Store, StoreError, TaskChange,
    limits::{MAX_DEPTH, MAX_EVENT_BYTES},
};
use protocol::{Outcome, Phase};
use serde_json::{Value, json};

async fn refused(store: &dyn Store, commit: Commit, names: &str) {
    match store.commit(commit).await {
        Err(StoreError::Refused(message)) => assert!(message.contains(names), "`{message}` does not name `{names}`"),
        other => panic!("expected a refusal naming `{names}`, got {other:?}"),
    }
}

/// A 20 MB event, a commit of many large ones, and nesting nobody could read back.
pub async fn too_much_is_refused_at_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let large = |bytes: usize| note(Value::String("x".repeat(bytes)));
    refused(&*store, loose(T0, vec![large(20_000_000)]), "20000002 bytes").await;
    let many = (0..5).map(|_| large(MAX_EVENT_BYTES - 100)).collect();
    refused(&*store, loose(T0, many), "the limit is").await;
    let mut deep = json!(1);
    for _ in 0..=MAX_DEPTH {
        deep = json!([deep]);
    }
    refused(&*store, loose(T0, vec![note(deep.clone())]), "nested deeper").await;
    let mut run = Run::of("samples/large");
    let mut start = run.start();
    if let Some(TaskChange::Add { task, .. }) = start.tasks.first_mut() {
        *task = crate::conformance::sample::task(run.task_key()).into();
        std::sync::Arc::make_mut(task).input = deep.into();
    }
    refused(&*store, start, "task ").await;
    store.commit(loose(T0, vec![large(MAX_EVENT_BYTES - 100)])).await.expect("what is under the limit fits");
    assert_eq!(everything(&*store).await.len(), 1);
}

/// Events of another execution or of none, an end without an outcome, a start without an event.
pub async fn contradictions_are_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/contradiction");
    let mut other = Run::of("samples/other");
    let foreign = Commit { execution: run.clone().start().execution, ..other.start() };
    refused(&*store, foreign, "event of execution").await;
    let orphan = Commit { execution: None, ..run.clone().start() };
    refused(&*store, orphan, "no execution").await;
    refused(&*store, run.clone().commit(Phase::InProgress, None, vec![note(json!(1))]), "no execution").await;
    refused(&*store, run.clone().commit(Phase::InProgress, None, Vec::new()), "starts with an event").await;
    let mut ended = run.start();
    if let Some(change) = &mut ended.execution {
        change.outcome = Some(Outcome::Failed);
    }
    refused(&*store, ended, "outcome").await;
    assert_eq!(everything(&*store).await.len(), 0);
    assert_eq!(store.counts().await.expect("counts").0, protocol::api::StatusCounts::default());
}

/// In the columns of text; in the data of an event, JSON escapes it.
pub async fn a_nul_in_a_name_is_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    refused(&*store, Run::of("samples/\0").start(), "holds a NUL").await;
    let mut commit = loose(T0, vec![note(json!("\0"))]);
    commit.events[0].correlation_id = Some("a\0b".into());
    refused(&*store, commit, "holds a NUL").await;
    let mut start = Run::of("samples/nul").start();
    for change in &mut start.tasks {
        if let TaskChange::Add { claimed_by, .. } = change {
            *claimed_by = Some("\0".into());
        }
    }
    refused(&*store, start, "holds a NUL").await;
    assert_eq!(everything(&*store).await, []);
}

/// Not by one commit and not by two.
pub async fn a_task_cannot_be_added_twice(backend: &dyn Backend) {
    let store = backend.open().await;
    let key = Run::of("samples/tasks").task_key();
    let add = || TaskChange::Add { task: task(key.clone()).into(), due: T0, claimed_by: None };
    let change = |tasks| Commit { tasks, ..loose(T0, vec![note(json!(1))]) };
    refused(&*store, change(vec![add(), add()]), "s0").await;
    refused(&*store, change(vec![TaskChange::Settle { key: key.clone() }, add()]), "s0").await;
    store.commit(change(vec![add()])).await.expect("the first");
    match store.commit(change(vec![add()])).await {
        Err(StoreError::Refused(_)) => {}
        other => panic!("expected a refusal, got {other:?}"),
    }
    assert_eq!(everything(&*store).await.len(), 1);
    assert_eq!(store.open_tasks(None).await.expect("tasks").len(), 1);
}
