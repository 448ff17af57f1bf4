//! What comes while something else is decided: nothing stays unread.

use super::scene::{Scene, completed, item, items, report};
use engine::Input;
use protocol::{ExecutionId, Phase, Position, TaskKey, task::TaskOutcome};
use serde_json::{Value, json};
use std::sync::Arc;
use store::StoreError;

/// Nested deeper than the store takes.
fn deep() -> Arc<Value> {
    Arc::new((0..200).fold(json!(1), |inner, _| json!([inner])))
}

#[tokio::test]
async fn a_report_behind_what_changes_nothing_is_read() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("one", &items(1, 1)).await;
    scene.lay(id, Input::Tick);
    // Together they are refused, and then decided one by one: the tick comes to nothing.
    scene.post(id, report(item(id, 0), TaskOutcome::Completed { result: deep() }));
    scene.settle().await;
    let detail = scene.driver.store.execution(id).await.expect("readable").expect("it exists");
    assert_eq!(detail.summary.status, Phase::Completed);
    assert_eq!(detail.summary.error.map(|error| error.code), Some("result_refused".into()));
}

#[tokio::test]
async fn what_waits_behind_a_decision_that_is_given_up_is_read() {
    let mut scene = Scene::with_places(2).await;
    let id = scene.submit("two", &items(2, 2)).await;
    scene.post(id, completed(item(id, 0)));
    scene.lay(id, completed(item(id, 1)));
    scene.fail(id, StoreError::Corrupt("a row".into())).await;
    scene.settle().await;
    let completed = told(&scene, id).await.into_iter().filter(|name| name == "action_completed").count();
    assert_eq!(completed, 1, "the one behind it counts");
}

const FIRST_THEN_SECOND: &str = "
  - {step: start, next: first}
  - {step: first, type: noop, next: second}
  - {step: second, type: python, code: x}
";

#[tokio::test]
async fn what_was_said_of_a_task_before_there_was_one_does_not_count() {
    let mut scene = Scene::with_places(1).await;
    let id = scene.submit("forged", FIRST_THEN_SECOND).await;
    let key = |step: &str| TaskKey { step: step.to_owned(), item: None, ..item(id, 0) };
    // A worker reports its own, and in the next frame what its report will lead to: looked for, that was not open.
    scene.lay(id, Input::Tick);
    scene.lay(id, completed(key("first")));
    let late = Input::Late { key: key("second"), outcome: "completed", worker: "server/w".to_owned() };
    scene.post(id, late);
    scene.settle().await;
    let events = told(&scene, id).await;
    assert_eq!(events.iter().filter(|name| *name == "action_completed").count(), 1, "{events:?}");
    assert!(scene.slot(id).state.is_claimed(&key("second")), "its worker has it");
    scene.end(id, completed(key("second")));
    scene.settle().await;
    let events = told(&scene, id).await;
    assert_eq!(events.last().map(String::as_str), Some("execution_complete"), "{events:?}");
}

async fn told(scene: &Scene, id: ExecutionId) -> Vec<String> {
    let events = scene.driver.store.execution_events(id, Position(0), 100).await.expect("readable");
    events.iter().map(|envelope| envelope.event.name().to_owned()).collect()
}
