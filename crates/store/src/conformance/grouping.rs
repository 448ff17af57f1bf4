//! Many commits at once: one flush for many, and each on its own.

use super::{
    Backend,
    sample::{Run, T0, as_read, assert_gap_free, everything, loose, note, task},
};
use crate::{Commit, StoreError, TaskChange};
use futures::future::join_all;
use protocol::{Outcome, TaskPart};
use serde_json::json;
use std::collections::HashMap;

/// 500 commits that wait while a large one is written take far fewer flushes than commits.
pub async fn concurrent_commits_share_flushes(backend: &dyn Backend) {
    let store = backend.open().await;
    let before = store.flushes();
    let mut runs: Vec<Run> = (0..500).map(|_| Run::of("samples/many")).collect();
    let mut commits = vec![loose(T0, vec![note(json!("x".repeat(10_000_000)))])];
    commits.extend(runs.iter_mut().map(Run::start));
    let results = join_all(commits.into_iter().map(|commit| store.commit(commit))).await;
    assert!(results.iter().all(Result::is_ok));
    let flushes = store.flushes() - before;
    assert!((1..=100).contains(&flushes), "{flushes} flushes for 501 commits");
    let mut last = runs.pop().expect("a run");
    store.commit(last.step()).await.expect("a commit");
    assert_eq!(store.flushes() - before, flushes + 1, "a commit alone is one flush");
}

/// v0 → v3 → v7 → … of one execution, all waiting while a large commit is written: all apply, in order.
pub async fn commits_of_one_execution_in_one_group_follow_each_other(backend: &dyn Backend) {
    let store = backend.open().await;
    let before = store.flushes();
    let mut run = Run::of("samples/sequence");
    let mut commits = vec![loose(T0, vec![note(json!("x".repeat(5_000_000)))]), run.start()];
    commits.extend((0..20).map(|_| run.step()));
    commits.push(run.end(Outcome::Completed));
    let count = commits.len() as u64;
    let results = join_all(commits.into_iter().map(|commit| store.commit(commit))).await;
    for (index, result) in results.iter().enumerate() {
        assert!(result.is_ok(), "commit {index}: {result:?}");
    }
    assert!(store.flushes() - before < count / 2, "{} flushes for {count} commits", store.flushes() - before);
    let events = everything(&*store).await;
    assert_eq!(events.len(), 1 + 3 + 20 * 4 + 3);
    assert_gap_free(&events);
    assert_eq!(store.execution_events(run.id, protocol::Position(0), 1_000).await.expect("events"), events[1..]);
    let found = store.execution(run.id).await.expect("a read").expect("the execution");
    assert_eq!(found.summary.outcome, Some(Outcome::Completed));
    assert_eq!(store.open_tasks(None).await.expect("tasks"), []);
    let counts = store.counts().await.expect("counts").0;
    assert_eq!((counts.running, counts.completed), (0, 1));
}

/// Settled and added again under the same key by commits of one group: what counts is their order.
pub async fn a_task_added_again_in_the_same_group_stays(backend: &dyn Backend) {
    let store = backend.open().await;
    let key = Run::of("samples/tasks").task_key();
    let change = |tasks| Commit { tasks, ..loose(T0, Vec::new()) };
    let add = |worker: &str| {
        change(vec![TaskChange::Add { task: task(key.clone()).into(), due: T0, claimed_by: Some(worker.into()) }])
    };
    let settle = || change(vec![TaskChange::Settle { key: key.clone() }]);
    let commits = [settle(), add("first"), settle(), add("second"), settle(), add("third")];
    for result in join_all(commits.into_iter().map(|commit| store.commit(commit))).await {
        result.expect("each is possible when its turn comes");
    }
    let tasks = store.open_tasks(None).await.expect("tasks");
    assert_eq!(tasks.iter().map(|task| task.claimed_by.as_deref()).collect::<Vec<_>>(), [Some("third")]);
}

/// Executions moving side by side: no gap, no repetition, each execution's own events in order, each commit's
/// events side by side.
pub async fn positions_are_gap_free_under_concurrency(backend: &dyn Backend) {
    let store = backend.open().await;
    let tasks = (0..40).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut run = Run::of("samples/parallel");
            let mut commits = vec![store.commit(run.start()).await.expect("a commit")];
            for _ in 0..10 {
                commits.push(store.commit(run.step()).await.expect("a commit"));
            }
            commits.push(store.commit(run.end(Outcome::Completed)).await.expect("a commit"));
            commits
        })
    });
    let reader = tokio::spawn({
        let store = store.clone();
        async move {
            // What is visible has everything before it.
            let mut seen = 0;
            while seen < 40 * 46 {
                let events = everything(&*store).await;
                assert_gap_free(&events);
                assert!(events.len() >= seen);
                seen = events.len();
            }
        }
    });
    let mut answered = Vec::new();
    for joined in join_all(tasks).await {
        for commit in joined.expect("no panic") {
            assert_eq!(commit.events.first().and_then(|event| event.position), Some(commit.first));
            answered.extend(as_read(&commit.events));
        }
    }
    reader.await.expect("no panic");
    answered.sort_by_key(|event| event.position);
    let events = everything(&*store).await;
    assert_eq!(events, answered);
    assert_gap_free(&events);
    let mut by_execution: HashMap<_, Vec<_>> = HashMap::new();
    for event in events {
        by_execution.entry(event.event.execution_id()).or_default().push(event);
    }
    for (id, events) in by_execution {
        let id = id.expect("only executions were committed");
        assert_eq!(store.execution_events(id, protocol::Position(0), 100).await.expect("events"), events);
    }
}

/// A row the database refuses takes only its own commit with it.
pub async fn a_bad_row_fails_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut run = Run::of("samples/tasks");
    store.commit(run.start()).await.expect("a commit");
    // The same task once more, which only the database can see.
    let again = TaskChange::Add { task: task(run.task_key()).into(), due: T0, claimed_by: None };
    let bad = Commit { tasks: vec![again], ..loose(T0, vec![note(json!("bad"))]) };
    let good = |n: u32| loose(T0, vec![note(json!(n))]);
    let mut commits: Vec<Commit> = (0..10).map(good).collect();
    commits.insert(5, bad);
    let results = join_all(commits.into_iter().map(|commit| store.commit(commit))).await;
    for (index, result) in results.into_iter().enumerate() {
        match (index, result) {
            (5, Err(StoreError::Refused(_))) => {}
            (5, other) => panic!("expected a refusal, got {other:?}"),
            (_, result) => drop(result.expect("a commit beside a bad one")),
        }
    }
    let events = everything(&*store).await;
    assert_eq!(events.len(), 3 + 10);
    assert_gap_free(&events);
    let tasks = store.open_tasks(None).await.expect("tasks");
    assert_eq!(tasks.iter().map(|task| task.task.key.part).collect::<Vec<_>>(), [TaskPart::Action]);
}
