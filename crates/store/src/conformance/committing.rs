//! One commit at a time: whole or not at all, once.

use super::{
    Backend,
    sample::{Run, T0, as_read, assert_gap_free, everything, id, loose, note},
};
use crate::{StoreError, TaskChange};
use futures::future::join_all;
use protocol::{Outcome, Phase, Position, Timestamp};
use serde_json::json;

/// Events, execution, input and tasks of a commit are all there, and read back as written.
pub async fn applies_a_commit_whole(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(store.head().await.expect("the head"), Position(0));
    let mut run = Run::of("samples/whole");
    let commit = run.start();
    let written = store.commit(commit.clone()).await.expect("a commit");
    assert_eq!(written.first, Position(1));
    assert_eq!(written.events.len(), commit.events.len());
    for ((envelope, new), position) in written.events.iter().zip(&commit.events).zip(1..) {
        assert_eq!((envelope.id, &envelope.event), (new.id, &new.event));
        assert_eq!((envelope.position, envelope.time), (Some(Position(position)), commit.time));
        assert_eq!(envelope.correlation_id, new.correlation_id);
    }
    assert_eq!(everything(&*store).await, as_read(&written.events));
    let read = store.execution_events(run.id, Position(0), 100).await.expect("events");
    assert_eq!(read, as_read(&written.events));

    let found = store.execution(run.id).await.expect("a read").expect("the execution");
    assert_eq!((found.summary.path.as_str(), found.summary.version), ("samples/whole", Some(1)));
    assert_eq!((found.summary.status, found.summary.outcome), (Phase::InProgress, None));
    assert_eq!((found.summary.step.as_deref(), found.summary.position), (Some("s1"), Position(3)));
    assert_eq!((found.input, found.result), (json!({"asked": true}), None));
    let tasks = store.open_tasks(None).await.expect("tasks");
    assert_eq!(tasks.len(), 1);
    let TaskChange::Add { task, due, claimed_by } = &commit.tasks[0] else { panic!("the sample adds a task") };
    assert_eq!((&tasks[0].task, tasks[0].due), (&**task, *due));
    assert_eq!(tasks[0].claimed_by.as_deref(), claimed_by.as_deref());

    store.commit(run.end(Outcome::Failed)).await.expect("a commit");
    let found = store.execution(run.id).await.expect("a read").expect("the execution");
    assert_eq!((found.summary.status, found.summary.outcome), (Phase::Completed, Some(Outcome::Failed)));
    assert_eq!(found.summary.error.map(|error| error.code), Some("sample".into()));
    assert_eq!((found.summary.ended_at, found.summary.progress), (Some(T0), 100.0));
    assert_eq!((found.input, found.result), (json!({"asked": true}), Some(json!({"done": true}))));
    assert_eq!(store.open_tasks(None).await.expect("tasks"), []);
    assert_eq!(store.execution(protocol::ExecutionId(id())).await.expect("a read"), None);
}

/// A commit decided on an old version changes nothing and says what it found.
pub async fn conflict_fails_alone_and_names_what_it_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/conflict");
    let mut unborn = run.clone();
    unborn.version = 7;
    let mut stale = run.clone();
    store.commit(run.start()).await.expect("a commit");
    let stepped = run.step();
    let (late, never, good) =
        tokio::join!(store.commit(stale.start()), store.commit(unborn.step()), store.commit(stepped));
    for (result, expected) in [(late, 0), (never, 7)] {
        match result {
            Err(StoreError::Conflict { execution, expected: asked, found }) => {
                assert_eq!((execution, asked), (run.id, expected));
                assert!(found == 3 || found == 7, "found {found}");
            }
            other => panic!("expected a conflict, got {other:?}"),
        }
    }
    good.expect("the commit between the conflicting ones");
    let mut nowhere = Run::of("samples/unborn");
    nowhere.version = 4;
    match store.commit(nowhere.step()).await {
        Err(StoreError::Conflict { expected: 4, found: 0, .. }) => {}
        other => panic!("expected a conflict with nothing, got {other:?}"),
    }
    let events = everything(&*store).await;
    assert_eq!(events.len(), 7);
    assert_gap_free(&events);
}

/// Of many commits at the same version exactly one goes through, and only its events are there.
pub async fn one_of_many_racing_commits_wins(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/race");
    store.commit(run.start()).await.expect("a commit");
    for round in 0..10_u64 {
        let rivals: Vec<_> = (0..20).map(|_| run.clone().step()).collect();
        let tasks = rivals.into_iter().map(|rival| {
            let store = store.clone();
            tokio::spawn(async move { store.commit(rival).await })
        });
        let results: Vec<_> = join_all(tasks).await.into_iter().map(|joined| joined.expect("no panic")).collect();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "round {round}");
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
        }
        run.step();
        assert_eq!(store.head().await.expect("the head"), Position(3 + 4 * (round + 1)));
    }
    assert_gap_free(&everything(&*store).await);
}

/// The same commit sent again, at once or later, is answered like the first and applied once.
pub async fn same_commit_id_applies_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/again");
    let start = run.start();
    let alert = loose(T0, vec![note(json!(1)), note(json!(2))]);
    let quiet = run.commit(Phase::InProgress, None, Vec::new());
    for commit in [start.clone(), alert.clone(), quiet] {
        let answers = join_all((0..5).map(|_| store.commit(commit.clone()))).await;
        let first = answers[0].clone().expect("the first");
        for answer in answers {
            assert_eq!(answer.expect("a repetition"), first);
        }
        store.commit(loose(T0, vec![note(json!("between"))])).await.expect("another");
        assert_eq!(store.commit(commit).await.expect("a late repetition"), first);
    }
    let events = everything(&*store).await;
    assert_eq!(events.len(), 3 + 1 + 2 + 1 + 1);
    assert_gap_free(&events);
    if backend.keeps() {
        store.close().await;
        let store = backend.open().await;
        for commit in [start, alert] {
            let first = events.iter().find(|event| event.id == commit.events[0].id).and_then(|event| event.position);
            let answer = store.commit(commit.clone()).await.expect("a repetition after a restart");
            assert_eq!((Some(answer.first), answer.events.len()), (first, commit.events.len()));
        }
        assert_eq!(everything(&*store).await, events);
    }
}

/// Also when the caller has meanwhile seen another version.
pub async fn same_commit_id_at_another_version_applies_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/again");
    let start = run.start();
    let first = store.commit(start.clone()).await.expect("a commit");
    let again = crate::Commit { id: start.id, ..run.step() };
    assert_eq!(store.commit(again).await.expect("a repetition"), first);
    assert_eq!(everything(&*store).await.len(), 3);
}

/// Only the row or the tasks change; there is no position to answer.
pub async fn commit_without_events_answers_the_head(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/quiet");
    store.commit(run.start()).await.expect("a commit");
    let mut quiet = run.commit(Phase::InProgress, None, Vec::new());
    if let Some(change) = &mut quiet.execution {
        change.wake_at = Some(Timestamp(T0.0 + 60_000));
    }
    quiet.tasks.push(TaskChange::Settle { key: run.task_key() });
    let written = store.commit(quiet).await.expect("a commit");
    assert_eq!((written.first, written.events.len()), (Position(3), 0));
    let active = store.active_executions(None, 10).await.expect("active");
    assert_eq!((active[0].version, active[0].wake_at), (3, Some(Timestamp(T0.0 + 60_000))));
    assert_eq!(store.open_tasks(None).await.expect("tasks"), []);
    assert_eq!(store.execution(run.id).await.expect("a read").expect("it").summary.position, Position(3));
    store.commit(run.step()).await.expect("the version has not moved");
}

/// Numbers, texts and structures survive the way to the disk and back to the letter.
pub async fn values_come_back_as_they_were(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut deep = json!("bottom");
    for level in 0..100 {
        deep = if level % 2 == 0 { json!([deep]) } else { json!({ "k": deep }) };
    }
    let values = [
        json!(null),
        json!(""),
        json!("\u{0}\u{1}\u{7f}\u{2028}\u{fffd}"),
        json!("quote \" backslash \\ slash / newline \n tab \t é 漢字 🦀"),
        json!([u64::MAX, i64::MIN, -0.0, 1e300, 5e-324, 0.1, 1.0, 12_345_678_901_234_567_890_u64]),
        json!({"": {}, "a": [], "null": null, "nested": {"b": [[], {}]}, "__proto__": true}),
        json!({"sql": "'; DROP TABLE events; --", "like": "%_\\", "json": "{\"a\":1}", "guard": "?1 $1 :x"}),
        json!("x".repeat(200_000)),
        deep,
    ];
    let mut run = Run::of("samples/\"quoted\" '%_\\ path/é");
    let events = values.iter().cloned().map(note).collect();
    let mut commit = loose(T0, events);
    commit.events[0].correlation_id = Some("c\"'\\\u{1}é".into());
    commit.events[0].causation_id = Some(String::new());
    commit.events[0].traceparent = Some("00-abc-def-01".into());
    let written = store.commit(commit).await.expect("a commit");
    assert_eq!(everything(&*store).await, as_read(&written.events));
    let mut start = run.start();
    for (index, value) in values.iter().enumerate() {
        let mut task = super::sample::task(run.task_key());
        task.key.step = format!("step \"{index}\" é'");
        (task.config, task.input) = (value.clone().into(), value.clone().into());
        let claimed_by = Some("wörker \"1\"".into());
        start.tasks.push(TaskChange::Add { task: task.into(), due: T0, claimed_by });
    }
    if let Some(change) = &mut start.execution {
        change.input = Some(json!(values).into());
        change.result = Some(json!("x").into());
    }
    store.commit(start.clone()).await.expect("a commit");
    let found = store.execution(run.id).await.expect("a read").expect("the execution");
    assert_eq!((found.summary.path.as_str(), found.input), (&*run.path, json!(values)));
    let mut tasks = store.open_tasks(Some(run.id)).await.expect("tasks");
    tasks.sort_by(|a, b| a.task.key.cmp(&b.task.key));
    let mut expected: Vec<_> = start
        .tasks
        .iter()
        .map(|change| match change {
            TaskChange::Add { task, .. } => (**task).clone(),
            other => panic!("the sample only adds: {other:?}"),
        })
        .collect();
    expected.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(tasks.into_iter().map(|stored| stored.task).collect::<Vec<_>>(), expected);
}

/// A caller that gives up leaves its commit whole or absent, and nobody else is disturbed.
pub async fn dropped_calls_are_whole_or_absent(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut witness = Run::of("samples/witness");
    store.commit(witness.start()).await.expect("a commit");
    let mut dropped = Vec::new();
    for round in 0..200 {
        let mut run = Run::of("samples/dropped");
        let commit = run.start();
        let calling = store.clone();
        let call = tokio::spawn(async move { calling.commit(commit).await });
        for _ in 0..round % 4 {
            tokio::task::yield_now().await;
        }
        call.abort();
        dropped.push(run.id);
        if round % 10 == 0 {
            store.commit(witness.step()).await.expect("a commit beside the dropped ones");
        }
    }
    // Queued behind whatever the dropped calls left in the queue.
    store.commit(witness.end(Outcome::Completed)).await.expect("a commit");
    let events = everything(&*store).await;
    assert_gap_free(&events);
    for id in dropped {
        let count = events.iter().filter(|event| event.event.execution_id() == Some(id)).count();
        let row = store.execution(id).await.expect("a read");
        let tasks = store.open_tasks(Some(id)).await.expect("tasks").len();
        assert!(matches!((count, row.is_some(), tasks), (0, false, 0) | (3, true, 1)), "{count} events of {id}");
    }
}

/// Claiming names the worker, also a second time; what is not open is left alone.
pub async fn tasks_are_added_claimed_and_settled(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/tasks");
    let mut start = run.start();
    if let Some(TaskChange::Add { claimed_by, .. }) = start.tasks.first_mut() {
        *claimed_by = None;
    }
    store.commit(start).await.expect("a commit");
    let key = run.task_key();
    let change = |tasks: Vec<TaskChange>| crate::Commit { tasks, ..loose(T0, Vec::new()) };
    for worker in [None, Some("a"), Some("b")] {
        if let Some(worker) = worker {
            let claim = TaskChange::Claim { key: key.clone(), worker: worker.into() };
            store.commit(change(vec![claim])).await.expect("a claim");
        }
        let tasks = store.open_tasks(Some(run.id)).await.expect("tasks");
        assert_eq!(tasks.iter().map(|task| task.claimed_by.as_deref()).collect::<Vec<_>>(), [worker]);
    }
    let other = protocol::TaskKey { attempt: 2, ..key.clone() };
    let claim = TaskChange::Claim { key: other.clone(), worker: "c".into() };
    store.commit(change(vec![claim, TaskChange::Settle { key: other }])).await.expect("nothing to do");
    assert_eq!(store.open_tasks(None).await.expect("tasks").len(), 1);
    let mut save = super::sample::task(key.clone());
    save.key.part = protocol::TaskPart::Save;
    let add = TaskChange::Add { task: save.into(), due: Timestamp(T0.0 - 1), claimed_by: None };
    store.commit(change(vec![add, TaskChange::Settle { key }])).await.expect("a commit");
    let parts: Vec<_> = store.open_tasks(None).await.expect("tasks").into_iter().map(|t| t.task.key.part).collect();
    assert_eq!(parts, [protocol::TaskPart::Save]);
}
