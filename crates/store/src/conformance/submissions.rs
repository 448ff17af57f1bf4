//! Submissions with a key.

use super::{
    Backend,
    sample::{Run, T0, assert_gap_free, everything, loose, note},
};
use crate::{Commit, Store, StoreError};
use futures::future::join_all;
use protocol::{ExecutionId, event::Origin};
use serde_json::json;
use std::sync::Arc;

fn submit(run: &mut Run, key: &str) -> Commit {
    run.start_from(Origin { idempotency_key: Some(key.into()), ..Origin::default() })
}

fn exists(result: Result<crate::Committed, StoreError>) -> (String, ExecutionId) {
    match result {
        Err(StoreError::Exists { key, execution }) => (key, execution),
        other => panic!("expected that the key is taken, got {other:?}"),
    }
}

/// The second execution with a key fails alone and is told the first; the same commit again is answered like the
/// first time, also after the store was opened anew; an execution that waits in a queue has its key too.
pub async fn a_key_submits_one_execution(backend: &dyn Backend) {
    let mut store: Arc<dyn Store> = backend.open().await;
    let [mut first, mut second, mut queued, mut third] = ["a", "b", "c", "d"].map(Run::of);
    let commit = submit(&mut first, "k é'");
    let written = store.commit(commit.clone()).await.expect("the first");
    assert_eq!(store.commit(commit.clone()).await.expect("a repetition"), written);
    let again = submit(&mut second, "k é'");
    assert_eq!(exists(store.commit(again.clone()).await), ("k é'".to_owned(), first.id));
    let origin = Origin { idempotency_key: Some("q".into()), ..Origin::default() };
    store.commit(queued.wait_for("rate", None, origin)).await.expect("another key");
    store.commit(submit(&mut queued, "q")).await.expect("it is let in, under its own key");
    assert_eq!(exists(store.commit(submit(&mut third, "q")).await).1, queued.id);
    if backend.keeps() {
        store.close().await;
        store = backend.open().await;
    }
    assert_eq!(exists(store.commit(again).await).1, first.id);
    assert_eq!(store.commit(commit).await.expect("a repetition").first, written.first);
    assert_eq!(store.submission("k é'").await.expect("a read"), Some(first.id));
    assert_eq!(store.submission("q").await.expect("a read"), Some(queued.id));
    assert_eq!(store.submission("none").await.expect("a read"), None);
    let nul = submit(&mut Run::of("e"), "a\0b");
    assert!(matches!(store.commit(nul).await, Err(StoreError::Refused(_))));
    let events = everything(&*store).await;
    assert_eq!(events.len(), 3 + 1 + 3);
    assert_gap_free(&events);
    assert_eq!(store.counts().await.expect("counts").0.running, 2);
}

/// Many submissions with few keys at once, beside other commits: each key starts one execution, everybody else with
/// it is told which, and nothing else is disturbed.
pub async fn of_many_with_one_key_one_is_submitted(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut runs, mut commits) = (Vec::new(), vec![loose(T0, vec![note(json!("x".repeat(5_000_000)))])]);
    for n in 0..60 {
        let mut run = Run::of("samples/submitted");
        commits.push(if n % 10 == 9 { run.start() } else { submit(&mut run, &format!("key {}", n % 3)) });
        runs.push(run);
    }
    let mut results = join_all(commits.into_iter().map(|commit| store.commit(commit))).await;
    results.remove(0).expect("the large one");
    let mut winners = std::collections::BTreeMap::new();
    for ((n, run), result) in runs.iter().enumerate().zip(&results) {
        if n % 10 == 9 {
            result.as_ref().expect("a commit without a key");
        } else if result.is_ok() {
            assert_eq!(winners.insert(n % 3, run.id), None, "key {} was given twice", n % 3);
        }
    }
    assert_eq!(winners.len(), 3);
    for (n, result) in results.into_iter().enumerate().filter(|(n, result)| n % 10 != 9 && result.is_err()) {
        assert_eq!(exists(result), (format!("key {}", n % 3), winners[&(n % 3)]));
    }
    assert_gap_free(&everything(&*store).await);
    assert_eq!(store.counts().await.expect("counts").0.running, 3 + 6);
}
