//! Several servers on one store.

use super::{
    Backend,
    sample::{Run, T0, loose},
};
use crate::{Store, StoreError, TaskChange};
use futures::future::join_all;
use protocol::{ExecutionId, Outcome, Phase, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

fn after(ms: i64) -> Timestamp {
    Timestamp(T0.0 + ms)
}

async fn beat(store: &Arc<dyn Store>, server: &str, now: i64) -> bool {
    store.beat(server, Some("http://here"), after(now), after(now + 10_000)).await.expect("a beat")
}

/// A lease holds until the time said; a server that comes late is told so; one that leaves is gone at once.
pub async fn a_lease_is_renewed_and_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(beat(&store, "a", 0).await, "the first beat");
    assert!(beat(&store, "b", 1_000).await);
    assert!(beat(&store, "a", 9_999).await, "in time");
    assert!(!beat(&store, "b", 11_000).await, "its lease ended at this very moment");
    assert!(beat(&store, "b", 12_000).await, "and holds again");
    let servers = store.servers().await.expect("servers");
    let times: Vec<_> = servers.iter().map(|s| (s.name.as_str(), s.started_at, s.beat_at, s.until)).collect();
    let expected = [("a", after(0), after(9_999), after(19_999)), ("b", after(1_000), after(12_000), after(22_000))];
    assert_eq!(times, expected);
    assert_eq!(servers[0].url.as_deref(), Some("http://here"));
    store.leave("a").await.expect("it leaves");
    store.leave("a").await.expect("nothing to do");
    assert_eq!(store.servers().await.expect("servers").len(), 1);
    let two_days = 2 * 24 * 60 * 60 * 1_000;
    assert!(beat(&store, "c", two_days).await);
    let names: Vec<_> = store.servers().await.expect("servers").into_iter().map(|server| server.name).collect();
    assert_eq!(names, ["c"], "one that was not heard of for a day is forgotten");
    for name in ["", "a/b"] {
        let refused = store.beat(name, None, T0, after(1)).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "`{name}`: {refused:?}");
    }
}

/// What has an owner stays with it while it lives, over commits of others too; what has none, and what belonged to
/// a server that is gone, is taken; what has ended is nobody's business.
pub async fn only_what_nobody_alive_owns_is_taken_over(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut owned = [Some("alive"), Some("dead"), Some("never seen"), None].map(|owner| {
        let mut run = Run::of("samples/owned");
        let mut start = run.start();
        start.execution.as_mut().expect("the sample is of an execution").owner = owner.map(Into::into);
        (run, start)
    });
    let ids: Vec<ExecutionId> = owned.iter().map(|(run, _)| run.id).collect();
    for (run, start) in &mut owned {
        store.commit(start.clone()).await.expect("a commit");
        // By somebody who does not say whose it is.
        store.commit(run.step()).await.expect("a commit");
    }
    let mut queued = Run::of("samples/queued");
    store.commit(queued.queue()).await.expect("a commit");
    let mut ended = Run::of("samples/ended");
    store.commit(ended.start()).await.expect("a commit");
    store.commit(ended.end(Outcome::Completed)).await.expect("a commit");
    beat(&store, "dead", -20_000).await;
    beat(&store, "alive", -1).await;

    assert_eq!(store.take_over("new", T0, 10).await.expect("a try"), [], "it has no lease");
    beat(&store, "new", -1).await;
    let first = store.take_over("new", T0, 2).await.expect("a take-over");
    let second = store.take_over("new", T0, 10).await.expect("a take-over");
    assert_eq!(store.take_over("new", T0, 10).await.expect("a take-over"), []);
    let taken: Vec<_> = first.iter().chain(&second).collect();
    assert_eq!(first.len(), 2);
    assert_eq!(taken.iter().map(|x| x.execution_id).collect::<Vec<_>>(), [ids[1], ids[2], ids[3], queued.id]);
    assert_eq!(taken.iter().map(|x| x.version).collect::<Vec<_>>(), [7, 7, 7, 1]);
    assert_eq!((taken[0].phase, taken[3].phase), (Phase::InProgress, Phase::Initial));
    assert!(taken.iter().all(|x| x.owner.as_deref() == Some("new")), "{taken:?}");

    let all = store.active_executions(None, 10).await.expect("active");
    let owners: Vec<_> = all.iter().map(|x| x.owner.as_deref()).collect();
    assert_eq!(owners, [Some("alive"), Some("new"), Some("new"), Some("new"), Some("new")]);
    let of_new = store.executions_of("new", Some(ids[1]), 2).await.expect("a page");
    assert_eq!(of_new, all[2..4]);
    assert_eq!(store.executions_of("dead", None, 10).await.expect("a page"), []);
    let tasks = store.open_tasks_of("new").await.expect("tasks");
    let of: BTreeSet<_> = tasks.iter().map(|stored| stored.task.key.execution_id).collect();
    assert_eq!(of, ids[1..].iter().copied().collect());

    // The server that took them dies too, and its work goes on elsewhere; a commit says who moves it now.
    let all = store.take_over("alive", after(9_998), 10).await.expect("a try");
    assert_eq!(all, [], "`new` lives");
    beat(&store, "alive", 9_998).await;
    assert_eq!(store.take_over("alive", after(9_999), 10).await.expect("a take-over").len(), 4);
    let (run, _) = &mut owned[0];
    let mut step = run.step();
    step.execution.as_mut().expect("the sample is of an execution").owner = Some("third".into());
    store.commit(step).await.expect("a commit");
    assert_eq!(store.executions_of("third", None, 10).await.expect("a page").len(), 1);
    store.leave("alive").await.expect("it leaves");
    beat(&store, "new", 9_999).await;
    assert_eq!(store.take_over("new", after(9_999), 10).await.expect("a take-over").len(), 5);
}

/// Many servers ask at once for what is left of one: each execution goes to exactly one of them.
pub async fn an_execution_is_taken_over_by_one_of_many(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut runs: Vec<Run> = (0..60).map(|_| Run::of("samples/orphan")).collect();
    for result in join_all(runs.iter_mut().map(|run| store.commit(run.start()))).await {
        result.expect("a commit");
    }
    let takers = (0..6).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            let name = format!("server-{n}");
            beat(&store, &name, 0).await;
            let mut taken = Vec::new();
            loop {
                let more = store.take_over(&name, T0, 7).await.expect("a take-over");
                if more.is_empty() {
                    return (name, taken);
                }
                assert!(more.len() <= 7);
                taken.extend(more);
            }
        })
    });
    let mut owners: BTreeMap<ExecutionId, String> = BTreeMap::new();
    for joined in join_all(takers).await {
        let (name, taken) = joined.expect("no panic");
        for execution in taken {
            assert_eq!(owners.insert(execution.execution_id, name.clone()), None, "taken by two");
        }
    }
    let all = store.active_executions(None, 100).await.expect("active");
    assert_eq!(all.len(), 60);
    for execution in all {
        assert_eq!(execution.owner.as_ref(), owners.get(&execution.execution_id), "the row says who took it");
    }
}

/// A task is lost with the server that handed it out, whoever owns its execution; a name that only begins like it
/// is another server's.
pub async fn tasks_of_servers_that_are_gone_are_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut runs = Vec::new();
    for claimed_by in [Some("a/worker-1"), Some("ab/worker"), Some("gone/a/b"), None, Some("a/")] {
        let mut run = Run::of("samples/tasks");
        let mut start = run.start();
        if let Some(TaskChange::Add { claimed_by: by, due, .. }) = start.tasks.first_mut() {
            *by = claimed_by.map(Into::into);
            *due = after(-i64::try_from(runs.len()).expect("few"));
        }
        store.commit(start).await.expect("a commit");
        runs.push(run);
    }
    // Its child is an execution like any other, and no worker's.
    let mut parent = Run::of("samples/parent").start();
    if let Some(TaskChange::Add { claimed_by, task, .. }) = parent.tasks.first_mut() {
        *claimed_by = Some("gone/engine".into());
        Arc::make_mut(task).protocol = "playbook".into();
    }
    store.commit(parent).await.expect("a commit");
    beat(&store, "a", 0).await;
    let lost = |at: i64, limit| {
        let store = store.clone();
        async move {
            let tasks = store.tasks_of_lost_servers(after(at), limit).await.expect("tasks");
            tasks.into_iter().map(|stored| stored.task.key).collect::<Vec<_>>()
        }
    };
    assert_eq!(lost(9_999, 10).await, [runs[2].task_key(), runs[1].task_key()], "earliest due first");
    assert_eq!(lost(9_999, 1).await, [runs[2].task_key()]);
    assert_eq!(lost(10_000, 10).await.len(), 4, "`a` is gone too");
    let claim = TaskChange::Claim { key: runs[2].task_key(), worker: "a/again".into() };
    store.commit(crate::Commit { tasks: vec![claim], ..loose(T0, Vec::new()) }).await.expect("a claim");
    assert_eq!(lost(9_999, 10).await, [runs[1].task_key()]);
}
