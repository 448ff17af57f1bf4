//! Disks that are full and rows that are damaged.

use futures::future::join_all;
use protocol::{Outcome, Position, Topic};
use serde_json::json;
use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
use std::path::Path;
use store::{
    ExecutionFilter, Store, StoreError,
    conformance::sample::{Run, T0, assert_gap_free, everything, loose, note},
    sqlite::SqliteStore,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_whole_commits_and_later_ones_work_again() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("signalbox.db");
    let store = SqliteStore::open_with_max_pages(&path, 90).await.expect("a store");
    let mut run = Run::of("samples/full");
    store.commit(run.start()).await.expect("there is room yet");
    let large = |n: usize| loose(T0, vec![note(json!({"n": n})), note(json!("x".repeat(100_000)))]);
    let results = join_all((0..30).map(|n| store.commit(large(n)))).await;
    let full = results.iter().filter(|result| result.is_err()).count();
    assert!(full > 0, "30 commits of 100 KB do not fit into 720 KB");
    for result in &results {
        match result {
            Ok(_) => {}
            Err(StoreError::Backend { temporary: true, message }) => assert!(message.contains("full"), "{message}"),
            Err(other) => panic!("expected a temporary failure, got {other:?}"),
        }
    }
    let events = everything(&*store).await;
    assert_eq!(events.len(), 3 + 2 * (30 - full));
    assert_gap_free(&events);
    // Small ones still fit, and go on where the log stopped.
    let written = store.commit(run.step()).await.expect("a small commit");
    assert_eq!(written.first, Position(events.len() as u64 + 1));
    store.close().await;
    // The disk has room again.
    let store = SqliteStore::open(&path).await.expect("a store");
    for n in 0..30 {
        store.commit(large(n)).await.expect("a commit");
    }
    store.commit(run.end(Outcome::Completed)).await.expect("a commit");
    assert_gap_free(&everything(&*store).await);
}

#[tokio::test]
async fn a_damaged_row_is_named_and_the_rest_can_be_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("signalbox.db");
    let store = SqliteStore::open(&path).await.expect("a store");
    let mut run = Run::of("samples/damaged");
    store.commit(run.start()).await.expect("a commit");
    store.commit(run.end(Outcome::Failed)).await.expect("a commit");
    store.commit(loose(T0, vec![note(json!(1))])).await.expect("a commit");
    let corrupt = |result: Result<(), StoreError>, names: &str| match result {
        Err(StoreError::Corrupt(message)) => assert!(message.contains(names), "{message}"),
        other => panic!("expected damage at `{names}`, got {other:?}"),
    };

    damage(&path, "UPDATE events SET data = '{\"execution_id\":' WHERE position = 4").await;
    corrupt(store.log(&Topic::Events, Position(0), 100).await.map(drop), "position 4");
    corrupt(store.execution_events(run.id, Position(0), 100).await.map(drop), "position 4");
    assert_eq!(store.log(&Topic::Events, Position(4), 100).await.expect("the rest").events.len(), 3);

    damage(&path, "UPDATE executions SET state = 'lost'").await;
    corrupt(store.execution(run.id).await.map(drop), "lost");
    damage(&path, "UPDATE executions SET state = 'failed', error = 'oops'").await;
    corrupt(store.executions(ExecutionFilter { limit: 10, ..Default::default() }).await.map(drop), &run.id.to_string());
    store.commit(loose(T0, vec![note(json!(2))])).await.expect("commits go on");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("signalbox.db");
    SqliteStore::open(&path).await.expect("a store").close().await;
    damage(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'from the future', true, x'00', 0)",
    )
    .await;
    match SqliteStore::open(&path).await {
        Err(StoreError::Backend { message, temporary: false }) => assert!(message.contains("newer"), "{message}"),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// As another program would.
async fn damage(path: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.expect("a connection");
    sqlx::query(sql).execute(&mut connection).await.expect("the damage is done");
    sqlx::Connection::close(connection).await.expect("closed");
}
