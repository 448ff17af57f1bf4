//! A copy of a store, and a store made from one.

use super::{
    Backend,
    rebuilding::{seen, some_history},
    sample::{Run, T0, assert_gap_free, everything, loose, note, playbook},
};
use crate::{Backup, NewSchedule, ScheduleSource, SealedCredential, Store, StoreError, sqlite::SqliteStore};
use protocol::{ExecutionId, Outcome, Position, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::AsyncReadExt;

/// A copy as bytes.
pub async fn copied(store: &Arc<dyn Store>) -> (Vec<u8>, Backup) {
    let mut copy = Vec::new();
    let told = store.backup(&mut copy, T0).await.expect("a copy");
    (copy, told)
}

async fn filled(store: &Arc<dyn Store>) -> Vec<ExecutionId> {
    let ids = some_history(store, 1).await;
    store.register_playbook(playbook("a/one", "source \"quoted\"\n\ttwo lines ✓")).await.expect("a version");
    let sealed = SealedCredential {
        name: "api".into(),
        kind: "bearer".into(),
        sealed: "c2VhbGVk".into(),
        key_id: "k".into(),
        hint: None,
    };
    store.put_credential(sealed, T0).await.expect("kept");
    let schedule = NewSchedule {
        name: "nightly".into(),
        path: "a/one".into(),
        version: None,
        source: ScheduleSource::Api,
        spec: json!({"cron": "0 3 * * *"}),
        paused: Some(true),
        next_at: Some(T0),
    };
    store.put_schedule(schedule, T0).await.expect("kept");
    store.acquire("k", ids[0], 1, T0).await.expect("a place");
    ids
}

/// What is read from a restored store is what was read from the one that was copied; its log is another's.
pub async fn a_restored_store_is_the_one_that_was_copied(backend: &dyn Backend) {
    let store = backend.open().await;
    let ids = filled(&store).await;
    let (copy, told) = copied(&store).await;
    assert_eq!((&told.epoch, told.head), (store.epoch(), store.head().await.expect("the head")));

    let other: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    assert_eq!(other.restore(&mut &copy[..]).await.expect("restored"), told);
    assert_ne!(other.epoch(), store.epoch(), "positions of one mean nothing to the other");
    assert_eq!(everything(&*other).await, everything(&*store).await);
    let mut expected = seen(&store, &ids).await;
    expected.nobody_has_tasks();
    assert_eq!(seen(&other, &ids).await, expected);
    assert_eq!(other.playbooks().await.expect("a list"), store.playbooks().await.expect("a list"));
    assert_eq!(other.credentials().await.expect("a list"), store.credentials().await.expect("a list"));
    assert_eq!(other.credential("api").await.expect("a read"), store.credential("api").await.expect("a read"));
    assert_eq!(other.schedules().await.expect("a list"), store.schedules().await.expect("a list"));
    assert_eq!(other.permits("k").await.expect("a list"), [ids[0]]);
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for id in &ids {
        here.append(&mut store.execution_events(*id, Position(0), 1_000).await.expect("events"));
        there.append(&mut other.execution_events(*id, Position(0), 1_000).await.expect("events"));
    }
    store.hydrate(&mut here).await.expect("values");
    other.hydrate(&mut there).await.expect("values");
    assert_eq!(here, there);

    // It goes on, and its copy is the same but for the first line and what the last says of it.
    let (again, before) = (rows(&copied(&other).await.0), rows(&copy));
    assert_eq!(again.len(), before.len());
    for (again, before) in again.iter().zip(&before) {
        assert!(again == before, "{again:.200} for {before:.200}");
    }
    let mut run = Run::of("after/restore");
    let first = other.commit(run.start()).await.expect("a commit").first;
    assert_eq!(first, Position(told.head.0 + 1));
}

/// The rows of a copy; SQLite tells truth by numbers.
fn rows(copy: &[u8]) -> Vec<String> {
    let text = String::from_utf8(copy.to_vec()).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    let row = |line: &&str| {
        let mut row: Value = serde_json::from_str(line).expect("JSON");
        for value in row["r"].as_array_mut().into_iter().flatten() {
            if let Value::Bool(truth) = *value {
                *value = u8::from(truth).into();
            }
        }
        row.to_string()
    };
    lines[1..lines.len() - 1].iter().map(row).collect()
}

/// And this backend from another's copy.
pub async fn a_store_is_made_from_another_kinds_copy(backend: &dyn Backend) {
    let other: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let ids = filled(&other).await;
    let (copy, _) = copied(&other).await;
    let store = backend.open().await;
    store.restore(&mut &copy[..]).await.expect("restored");
    let mut expected = seen(&other, &ids).await;
    expected.nobody_has_tasks();
    assert_eq!(seen(&store, &ids).await, expected);
    assert_eq!(everything(&*store).await, everything(&*other).await);
    assert_eq!(store.schedules().await.expect("a list"), other.schedules().await.expect("a list"));
    let mut run = Run::of("after/restore");
    store.commit(run.start()).await.expect("a commit");
    store.commit(run.end(Outcome::Completed)).await.expect("a commit");

    let error = store.restore(&mut &copy[..]).await.expect_err("it is not empty any more");
    assert!(matches!(&error, StoreError::Refused(why) if why.contains("not empty")), "{error}");
    assert_gap_free(&everything(&*store).await);
}

/// A copy that was damaged, cut off, or is none at all, is not taken for whole.
pub async fn a_damaged_copy_is_told(backend: &dyn Backend) {
    let store = backend.open().await;
    store.commit(loose(T0, vec![note(json!("some text"))])).await.expect("a commit");
    let mut run = Run::of("samples/copied");
    store.commit(run.start()).await.expect("a commit");
    let text = String::from_utf8(copied(&store).await.0).expect("text");
    let cut: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    for (damaged, says) in [
        (text.replace("some text", "same text"), "damaged"),
        (cut, "ends too soon"),
        (text[..text.len() - 1].to_owned(), "no end"),
        (text.replacen("\"t\":\"events\"", "\"t\":\"secrets\"", 1), "no table"),
        (text.replacen("\"r\":[1,", "\"r\":[\"one\",", 1), "another kind"),
        (text.replacen("signalbox_backup\":1", "signalbox_backup\":2", 1), "newer signalbox"),
        ("{}\n".to_owned(), "no copy"),
        (String::new(), "nothing is there"),
    ] {
        let folder = tempfile();
        let path = folder.join("signalbox.db");
        let empty: Arc<dyn Store> = SqliteStore::open(&path).await.expect("a store");
        let error = empty.restore(&mut damaged.as_bytes()).await.expect_err(says);
        assert!(matches!(&error, StoreError::Refused(why) if why.contains(says)), "{says}: {error}");
        let began = !["newer signalbox", "no copy", "nothing is there"].contains(&says);
        empty.close().await;
        match SqliteStore::open(&path).await {
            Ok(store) => {
                assert!(!began, "{says}: half of it was taken for the whole");
                store.close().await;
            }
            Err(error) => assert!(began && error.to_string().contains("did not come to its end"), "{error}"),
        }
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Commits go on while a copy is made, and it is of one moment all the same.
pub async fn a_copy_is_of_one_moment(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 0..50 {
        store.commit(loose(T0, vec![note(json!("x".repeat(20_000 + n)))])).await.expect("a commit");
    }
    let (mut near, mut far) = tokio::io::duplex(4_096);
    let reading = tokio::spawn(async move {
        let mut copy = Vec::new();
        far.read_to_end(&mut copy).await.expect("a pipe");
        copy
    });
    let writing = tokio::spawn({
        let store = store.clone();
        async move {
            let mut run = Run::of("samples/meanwhile");
            store.commit(run.start()).await.expect("a commit");
            for _ in 0..50 {
                store.commit(run.step()).await.expect("a commit");
            }
        }
    });
    let told = store.backup(&mut near, Timestamp(T0.0 + 1)).await.expect("a copy");
    drop(near);
    let copy = reading.await.expect("no panic");
    writing.await.expect("no panic");
    let other: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    other.restore(&mut &copy[..]).await.expect("restored");
    let events = everything(&*other).await;
    assert_gap_free(&events);
    assert_eq!(events.last().and_then(|event| event.position), Some(told.head));
    // Whole commits: after the first, of four events each.
    let of_run = events.iter().filter(|event| event.event.execution_id().is_some()).count();
    assert!(of_run == 0 || of_run % 4 == 3, "{of_run}");
    for active in other.active_executions(None, 10).await.expect("a list") {
        assert_eq!(active.version, of_run as u64);
        assert_eq!(other.open_tasks(Some(active.execution_id)).await.expect("tasks").len(), 1);
    }
}

fn tempfile() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("signalbox-copy-{}", super::sample::id()));
    std::fs::create_dir(&folder).expect("a temporary folder");
    folder
}
