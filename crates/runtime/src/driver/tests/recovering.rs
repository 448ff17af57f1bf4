//! What was under way is gone on with as it is, and not as it was when it was read.

use super::scene::{Scene, cancel};
use protocol::Outcome;

const WAIT: &str = "
  - {step: start, type: wait, seconds: 10}
";
const PARENT: &str = "
  - {step: start, type: playbook, path: tests/child}
";

/// A command may reach an execution between its reading and its being taken up; nobody tells of that.
#[tokio::test]
async fn what_ended_while_it_was_read_is_not_gone_on_with() {
    let mut scene = Scene::with_places(0).await;
    scene.register("child", WAIT).await;
    let parent = scene.submit("parent", PARENT).await;
    scene.start_children().await;
    let child = *scene.driver.slots.keys().find(|id| **id != parent).expect("it has begun");
    let mut scene = scene.restarted();
    let found = scene.found(parent).await;
    scene.decided_elsewhere(parent, cancel()).await;
    scene.recover(found).await;
    scene.take_up(child).await;
    scene.recovered().await;
    for id in [parent, child] {
        let detail = scene.driver.store.execution(id).await.expect("readable").expect("it exists");
        assert_eq!(detail.summary.outcome, Some(Outcome::Cancelled), "{}", detail.summary.path);
    }
    assert!(scene.driver.slots.is_empty(), "nothing is left to do");
}
