//! What comes while something else is decided: nothing stays unread.

use super::scene::{Scene, completed, item, items, report};
use engine::Input;
use protocol::{Phase, task::TaskOutcome};
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
    let events = scene.driver.store.execution_events(id, protocol::Position(0), 100).await.expect("readable");
    let completed: Vec<_> = events.iter().filter(|envelope| envelope.event.name() == "action_completed").collect();
    assert_eq!(completed.len(), 1, "the one behind it counts");
}
