//! What waits for a place: in its order, once, and only as long as somebody wants it.

use super::scene::{Scene, cancel, completed, item, items, report};
use crate::driver::Letter;
use engine::Input;
use protocol::{ExecutionId, Outcome, TaskError, TaskKey, task::TaskOutcome};

#[tokio::test]
async fn what_is_cancelled_waits_no_longer() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("many", &items(50, 20)).await;
    assert_eq!((scene.running(id), scene.waiting(id)), (vec![0], 19));
    scene.post(id, cancel());
    scene.settle().await;
    assert_eq!(scene.waiting(id), 0);
}

#[tokio::test]
async fn a_pause_takes_the_waiting_out_and_resuming_lets_them_wait_again() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("many", &items(50, 20)).await;
    for _ in 0..3 {
        scene.post(id, Input::Pause { reason: "later".into(), by: "test".into() });
        scene.settle().await;
        assert_eq!((scene.running(id), scene.waiting(id)), (vec![0], 0));
        scene.post(id, Input::Resume { by: "test".into() });
        scene.settle().await;
        assert_eq!((scene.running(id), scene.waiting(id)), (vec![0], 19));
    }
}

/// As when two servers share a store and the owner has nobody for the tasks: each report of the other one makes it
/// read the execution again.
#[tokio::test]
async fn reading_the_tasks_again_and_again_lets_each_wait_once() {
    let mut scene = Scene::with_places(0).await;
    let id = scene.submit("many", &items(10, 4)).await;
    assert_eq!(scene.waiting(id), 4);
    for n in 0..10 {
        scene.elsewhere(id, completed(item(id, n))).await;
        let left = 9 - n as usize;
        if left > 0 {
            assert_eq!(scene.waiting(id), left.min(4), "after {n}");
        }
    }
    assert_eq!(scene.waiting(id), 0);
}

type End = fn(ExecutionId) -> Input;

/// While a commit is under way a place becomes free for item 2, whose claim comes first in the next one; what ends
/// the execution comes second.
#[tokio::test]
async fn what_is_claimed_and_cancelled_in_one_commit_is_never_begun() {
    let ends: [(&str, End); 2] = [
        ("cancelled", |_| cancel()),
        ("failed", |id| {
            let error = TaskError::new("python_exception", "ValueError: no");
            report(item(id, 1), TaskOutcome::Failed { error, result: None })
        }),
    ];
    for (what, end) in ends {
        let mut scene = Scene::with_places(2).await;
        let id = scene.submit("four", &items(4, 3)).await;
        assert_eq!((scene.running(id), scene.waiting(id)), (vec![0, 1], 1), "{what}");
        scene.end(id, completed(item(id, 0)));
        assert_eq!(scene.slot(id).mailbox.len(), 1, "{what}: the claim waits for the commit under way");
        scene.lay(id, end(id));
        scene.settle().await;
        assert!(!scene.running(id).contains(&2), "{what}: item 2 was begun");
        assert_eq!(scene.free(), 1, "{what}: its place is free again");
    }
}

const RETRIED: &str = "
  - {step: start, next: each}
  - {step: each, type: playbook, path: tests/child, retry: {max_attempts: 2, initial_delay: 10, jitter: false}}
";

/// The pause before another child is over at the moment at which the parent is cancelled.
#[tokio::test]
async fn a_child_whose_parent_is_cancelled_in_the_same_commit_is_never_begun() {
    let mut scene = Scene::with_places(0).await;
    scene.register("child", "\n  - {step: start, type: wait, signal: go}\n").await;
    let id = scene.submit("parent", RETRIED).await;
    scene.start_children().await;
    let first = TaskKey { item: None, ..item(id, 0) };
    let error = TaskError::new("child_failed", "no");
    scene.post(id, report(first, TaskOutcome::Failed { error, result: None }));
    scene.settle().await;
    let now = scene.clock.advance_ms(10_000);
    let again = scene.driver.timers.due(now).tasks.pop().expect("its time has come");
    scene.slot(id).mailbox.push_back(Letter::Child(again));
    scene.post(id, cancel());
    scene.settle().await;
    assert!(scene.driver.children.waiting.is_empty() && scene.driver.children.starts.is_empty());
    let filter = store::ExecutionFilter { limit: 10, ..Default::default() };
    let page = scene.driver.store.executions(filter).await.expect("readable");
    let outcomes: Vec<_> = page.executions.iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Cancelled); 2], "the parent and its first child");
}
