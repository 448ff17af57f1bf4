//! What was under way is gone on with as it is, and not as it was when it was read.

use super::scene::{Scene, cancel};
use engine::Input;
use protocol::{Outcome, Position};

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

/// What is read back from the log may be this server's own, before it hears of its commit or after: nothing is read again
/// for that. What is beyond is somebody else's.
#[tokio::test]
async fn own_commits_that_are_read_back_move_nothing() {
    let mut scene = Scene::with_places(0).await;
    let id = scene.submit("ours", WAIT).await;
    let at = scene.slot(id).position;
    assert!(at > Position(0));
    scene.driver.moved(&[(id, at)]);
    assert!(scene.driver.reloads.is_empty(), "it is known");
    scene.post(id, Input::Pause { reason: "enough".to_owned(), by: "test".to_owned() });
    scene.driver.moved(&[(id, Position(at.0 + 1))]);
    scene.commit().await;
    assert_eq!(scene.slot(id).position, Position(at.0 + 1));
    assert!(scene.driver.reloads.is_empty(), "it was the commit under way");
    scene.post(id, Input::Resume { by: "test".to_owned() });
    scene.driver.moved(&[(id, Position(at.0 + 3))]);
    scene.commit().await;
    assert_eq!(scene.driver.reloads.len(), 1, "there is more than that commit");
}
