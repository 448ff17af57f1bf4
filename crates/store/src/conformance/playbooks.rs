//! The catalog.

use super::{
    Backend,
    sample::{Run, playbook},
};
use futures::future::join_all;
use protocol::Outcome;
use std::collections::BTreeSet;

/// The newest version's content again is that version; an older one's is a new version.
pub async fn equal_content_is_registered_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut versions = Vec::new();
    for source in ["a", "a", "b", "b", "a"] {
        let (row, created) = store.register_playbook(playbook("p/one", source)).await.expect("a registration");
        assert_eq!(row.source, source);
        versions.push((row.version, created));
    }
    assert_eq!(versions, [(1, true), (1, false), (2, true), (2, false), (3, true)]);
    store.register_playbook(playbook("p/a", "a")).await.expect("another path");
    let read = |path: &'static str, version| {
        let store = store.clone();
        async move { store.playbook(path, version).await.expect("a read") }
    };
    assert_eq!(read("p/one", Some(2)).await.map(|row| row.source), Some("b".into()));
    assert_eq!(read("p/one", None).await.map(|row| row.version), Some(3));
    assert_eq!(read("p/one", Some(4)).await, None);
    assert_eq!(read("p/none", None).await, None);
    assert_eq!(store.newest_version("p/one").await.expect("a version"), Some(3));
    assert_eq!(store.newest_version("p/none").await.expect("no version"), None);
    let listed = store.playbook_versions("p/one").await.expect("versions");
    assert_eq!(listed.iter().map(|row| row.version).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(listed[1].content_hash, "hash of b");
    assert_eq!(store.playbook_versions("p/none").await.expect("versions"), []);

    let mut run = Run::of("p/one");
    store.commit(run.start()).await.expect("a commit");
    store.commit(run.end(Outcome::Completed)).await.expect("a commit");
    store.commit(Run::of("p/one").start()).await.expect("a commit");
    let all = store.playbooks().await.expect("a list");
    let all: Vec<_> = all.iter().map(|(row, count)| (row.path.as_str(), row.version, *count)).collect();
    assert_eq!(all, [("p/a", 1, 0), ("p/one", 3, 2)]);
}

/// Many at once: equal ones become one version, different ones a version each.
pub async fn versions_count_up_without_gaps_under_concurrency(backend: &dyn Backend) {
    let store = backend.open().await;
    let register = |source: String| {
        let store = store.clone();
        tokio::spawn(async move { store.register_playbook(playbook("p/race", &source)).await })
    };
    let same = join_all((0..30).map(|_| register("same".into()))).await;
    let same: Vec<_> = same.into_iter().map(|joined| joined.expect("no panic").expect("a registration")).collect();
    assert!(same.iter().all(|(row, _)| row.version == 1));
    assert_eq!(same.iter().filter(|(_, created)| *created).count(), 1);
    let different = join_all((0..30).map(|n| register(format!("source {n}")))).await;
    let versions: BTreeSet<u32> = different
        .into_iter()
        .map(|joined| joined.expect("no panic").expect("a registration"))
        .map(|(row, created)| if created { row.version } else { 0 })
        .collect();
    assert_eq!(versions, (2..=31).collect());
}

/// A registration is counted before it is answered; commits are not, since they are told of in the log.
pub async fn what_was_read_says_how_long_it_is_true(backend: &dyn Backend) {
    let store = backend.open().await;
    let before = store.written_beside();
    assert_eq!(before.is_none(), store.foreign().is_some(), "somebody else may write");
    let mut run = Run::of("p/one");
    store.commit(run.start()).await.expect("a commit");
    assert_eq!(store.written_beside(), before);
    store.register_playbook(playbook("p/one", "a")).await.expect("a registration");
    let Some(before) = before else { return assert_eq!(store.written_beside(), None) };
    assert!(store.written_beside().is_some_and(|written| written > before));
}
