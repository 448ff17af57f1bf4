//! Where executions come from.

use super::{
    Backend,
    sample::{Run, T0, task},
};
use crate::{Child, ExecutionFilter, Lineage, Parent};
use futures::future::join_all;
use protocol::{
    ExecutionId, Outcome, TaskKey,
    event::{Origin, Rerun},
};
use std::collections::BTreeMap;

/// Children, reruns and triggered executions are found from both ends, page by page, whether they were queued
/// first or not; others come from nowhere.
pub async fn children_reruns_and_triggers_are_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let (mut parent, mut plain) = (Run::of("samples/parent"), Run::of("samples/plain"));
    store.commit(parent.start()).await.expect("a commit");
    store.commit(plain.start()).await.expect("a commit");
    let key = |item| TaskKey { item, ..task(parent.task_key()).key };
    let mut tasks: BTreeMap<ExecutionId, String> = BTreeMap::new();
    let mut commits = Vec::new();
    for item in 0..2_345_u32 {
        let mut child = Run::of("samples/child");
        let origin = Origin { parent: Some(key(Some(item))), ..Origin::default() };
        tasks.insert(child.id, key(Some(item)).to_string());
        commits.push(if item % 2 == 0 { child.start_from(origin) } else { child.wait_for("rate", None, origin) });
    }
    for result in join_all(commits.into_iter().map(|commit| store.commit(commit))).await {
        result.expect("a commit");
    }
    let mut rerun = Run::of("samples/plain");
    let origin = Origin {
        rerun: Some(Rerun { of: plain.id, from: Some("s1".into()) }),
        trigger: Some("schedule:nightly".into()),
        ..Origin::default()
    };
    store.commit(rerun.start_from(origin)).await.expect("a commit");

    let mut found: Vec<Child> = Vec::new();
    loop {
        let after = found.last().map(|child| child.summary.execution_id);
        let page = store.children(parent.id, after, 500).await.expect("a page");
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    let found: BTreeMap<_, _> = found.into_iter().map(|child| (child.summary.execution_id, child.task)).collect();
    assert_eq!(found, tasks);
    let (first, task) = tasks.first_key_value().expect("there are many");
    let expected = Lineage {
        execution_id: *first,
        parent: Some(Parent { execution_id: parent.id, task: task.clone() }),
        rerun_of: None,
        rerun_from: None,
        trigger: None,
    };
    assert_eq!(store.lineage(*first).await.expect("a read"), Some(expected));
    let lineage = store.lineage(rerun.id).await.expect("a read").expect("it comes from somewhere");
    assert_eq!((lineage.parent, lineage.rerun_of, lineage.rerun_from), (None, Some(plain.id), Some("s1".into())));
    assert_eq!(lineage.trigger.as_deref(), Some("schedule:nightly"));
    assert_eq!(store.lineage(parent.id).await.expect("a read"), None);
    assert_eq!(store.reruns(plain.id).await.expect("a list"), [rerun.id]);
    assert_eq!(store.reruns(rerun.id).await.expect("a list"), []);
    assert_eq!(store.children(plain.id, None, 10).await.expect("a page"), []);
}

/// The list's filters by origin agree with each other and with the rest.
pub async fn the_list_is_filtered_by_origin(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut parent = Run::of("samples/parent");
    store.commit(parent.start()).await.expect("a commit");
    let (mut children, mut reruns, mut triggered, mut done) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for n in 0..12 {
        let mut run = Run::at("samples/run", T0);
        let origin = Origin {
            parent: (n % 2 == 0).then(|| parent.task_key()),
            rerun: (n % 3 == 0).then_some(Rerun { of: parent.id, from: None }),
            trigger: (n % 4 == 0).then(|| "webhook:w".to_owned()),
            ..Origin::default()
        };
        store.commit(run.start_from(origin)).await.expect("a commit");
        for (list, wanted) in [(&mut children, n % 2 == 0), (&mut reruns, n % 3 == 0), (&mut triggered, n % 4 == 0)] {
            if wanted {
                list.push(run.id);
            }
        }
        if n < 6 {
            store.commit(run.end(Outcome::Completed)).await.expect("a commit");
            done.push(run.id);
        }
    }
    let all = ExecutionFilter { limit: 100, ..ExecutionFilter::default() };
    let of_parent = ExecutionFilter { parent: Some(parent.id), ..all.clone() };
    let of_rerun = ExecutionFilter { rerun_of: Some(parent.id), ..all.clone() };
    let of_trigger = ExecutionFilter { trigger: Some("webhook:w".into()), ..all.clone() };
    let ended = vec![(protocol::Phase::Completed, Some(Outcome::Completed))];
    let both: Vec<_> = children.iter().copied().filter(|id| done.contains(id)).collect();
    for (filter, expected) in [
        (of_parent.clone(), &children),
        (of_rerun, &reruns),
        (of_trigger, &triggered),
        (ExecutionFilter { states: ended, ..of_parent }, &both),
        (ExecutionFilter { trigger: Some("webhook:other".into()), ..all }, &Vec::new()),
    ] {
        let page = store.executions(filter.clone()).await.expect("a page");
        let found: Vec<_> = page.executions.iter().rev().map(|row| row.execution_id).collect();
        assert_eq!(&found, expected, "{filter:?}");
    }
}
