//! A clock that is set back loses nothing.

use super::scene::{Scene, completed, item, items, report};
use protocol::{Outcome, Phase, TaskError, TaskKey, task::TaskOutcome};

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_task_that_waits_for_a_place_gets_it_also_after_the_clock_was_set_back() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("two", &items(2, 2)).await;
    assert_eq!((scene.running(id), scene.waiting(id)), (vec![0], 1));
    scene.clock.advance_ms(-HOUR_MS);
    scene.end(id, completed(item(id, 0)));
    scene.settle().await;
    assert_eq!(scene.running(id), [1]);
}

const RETRY: &str = "
  - {step: start, next: each}
  - {step: each, type: python, code: x, retry: {max_attempts: 2, initial_delay: 10, jitter: false}}
";

/// The pause before the second attempt is over, and it waits for a place that another execution has; then the clock is
/// set back, and its time is still to come.
#[tokio::test]
async fn one_whose_time_has_not_come_after_all_waits_for_it_once_more() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("retry", RETRY).await;
    let first = TaskKey { item: None, ..item(id, 0) };
    let error = TaskError::new("python_exception", "ValueError: no");
    scene.end(id, report(first.clone(), TaskOutcome::Failed { error, result: None }));
    scene.settle().await;
    let other = scene.submit("other", &items(1, 1)).await;
    assert_eq!(scene.running(other), [0]);
    scene.clock.advance_ms(10_000);
    scene.due().await;
    assert_eq!(scene.waiting(id), 1, "its time has come");

    scene.clock.advance_ms(-HOUR_MS);
    scene.end(other, completed(item(other, 0)));
    scene.settle().await;
    let second = TaskKey { attempt: 2, ..first };
    assert!(scene.driver.pools.running_of(id).is_empty(), "it may not be claimed");
    assert_eq!(scene.free(), 1, "and holds up nobody");
    assert_eq!(scene.driver.store.execution(other).await.unwrap().unwrap().summary.status, Phase::Completed);
    scene.clock.advance_ms(HOUR_MS);
    scene.due().await;
    assert_eq!(scene.driver.pools.running_of(id), [second]);
}

const LIMITED: &str = "\n  - {step: start, type: playbook, path: tests/child, timeout_s: 3600}\n";

/// Whichever of the two a restart takes up first.
#[tokio::test]
async fn a_childs_time_counts_from_its_start() {
    for is_parent_first in [true, false] {
        let mut scene = Scene::with_places(0).await;
        scene.register("child", "\n  - {step: start, type: wait, signal: go}\n").await;
        let parent = scene.submit("parent", LIMITED).await;
        scene.start_children().await;
        let child = *scene.driver.children.waiting.keys().next().expect("it has one");
        scene.clock.advance_ms(HOUR_MS / 2);
        let mut scene = scene.restarted();
        let order = if is_parent_first { [parent, child] } else { [child, parent] };
        for id in order {
            scene.take_up(id).await;
        }
        scene.clock.advance_ms(HOUR_MS / 2 - 1);
        scene.due().await;
        let ended = async |scene: &Scene, id| scene.driver.store.execution(id).await.unwrap().unwrap().summary.outcome;
        assert_eq!(ended(&scene, parent).await, None, "it is not over yet");
        scene.clock.advance_ms(1);
        scene.due().await;
        assert_eq!(ended(&scene, parent).await, Some(Outcome::Failed), "{is_parent_first}");
        assert_eq!(ended(&scene, child).await, Some(Outcome::Cancelled), "{is_parent_first}");
    }
}
