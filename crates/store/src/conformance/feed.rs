//! What the publisher hears.

use super::{
    Backend,
    sample::{Run, T0, as_read, assert_gap_free, everything, loose, note},
};
use crate::{CommittedBatch, TaskChange};
use futures::future::join_all;
use serde_json::json;

/// Every event once, in position order, also from groups of many commits.
pub async fn every_batch_arrives_in_position_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut receiver = store.committed().expect("the first to ask gets it");
    let reader = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(batch) = receiver.recv().await {
            assert!(batch.iter().all(|commit| !commit.is_empty()), "a commit without events is nobody's news");
            events.extend(batch.iter().flat_map(|commit| as_read(commit)));
        }
        events
    });
    let tasks = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut run = Run::of("samples/feed");
            store.commit(run.start()).await.expect("a commit");
            for _ in 0..5 {
                let stale = run.clone();
                store.commit(run.step()).await.expect("a commit");
                store.commit(stale.clone().step()).await.expect_err("a conflict is nobody's news");
                let settle = vec![TaskChange::Settle { key: stale.task_key() }];
                store.commit(crate::Commit { tasks: settle, ..loose(T0, vec![]) }).await.expect("a quiet commit");
            }
        })
    });
    for joined in join_all(tasks).await {
        joined.expect("no panic");
    }
    let log = everything(&*store).await;
    store.close().await;
    let heard = reader.await.expect("no panic");
    assert_gap_free(&heard);
    assert_eq!(heard, log);
}

/// Nobody else gets it; what was committed before is in the log, not in it; closing ends it.
pub async fn the_feed_is_handed_out_once_and_ends_with_the_store(backend: &dyn Backend) {
    let store = backend.open().await;
    store.commit(loose(T0, vec![note(json!(1))])).await.expect("a commit");
    let mut receiver = store.committed().expect("the first to ask gets it");
    assert!(store.committed().is_none());
    let written = store.commit(loose(T0, vec![note(json!(2))])).await.expect("a commit");
    let batch: CommittedBatch = receiver.recv().await.expect("a batch");
    assert_eq!(batch, [written.events]);
    store.close().await;
    assert!(receiver.recv().await.is_none());
}
