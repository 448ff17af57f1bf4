//! What is this server's, and what is not any more.

use super::scene::Scene;
use protocol::Phase;
use std::collections::HashSet;

const WAIT: &str = "
  - {step: start, type: wait, seconds: 10}
";

/// A server whose lease had ended asks the store what it still owns; what began while it asked is on none of the pages it
/// reads.
#[tokio::test]
async fn what_began_while_the_store_was_asked_is_not_given_up() {
    let mut scene = Scene::with_places(0).await;
    let (ours, taken) = (scene.submit("ours", WAIT).await, scene.submit("taken", WAIT).await);
    let held = scene.driver.held();
    assert_eq!(held, HashSet::from([ours, taken]));
    let new = scene.submit("new", WAIT).await;
    scene.driver.keep(&held, &HashSet::from([ours]));
    scene.clock.advance_ms(10_000);
    scene.due().await;
    for (id, phase) in [(ours, Phase::Completed), (new, Phase::Completed), (taken, Phase::InProgress)] {
        let detail = scene.driver.store.execution(id).await.expect("readable").expect("it exists");
        assert_eq!(detail.summary.status, phase, "{}", detail.summary.path);
    }
}
