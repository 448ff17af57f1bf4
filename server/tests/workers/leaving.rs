//! Workers and servers that leave.

use crate::house::{HOLD, House, until};
use serde_json::json;

#[tokio::test]
async fn a_worker_that_is_asked_to_leave_finishes_what_it_has() {
    let house = House::open();
    let mut helper = house.helper("one", &["--types", "python"]);
    let id = house.hold().await;
    helper.signal("TERM");
    let draining = || async { (house.get("workers").await["workers"][0]["draining"] == true).then_some(()) };
    until(draining).await;
    // It gets nothing more.
    let next = house.submit("hold", json!({"started": house.file("next"), "go": house.file("go")})).await;
    house.touch("go");
    House::expect_result(&house.ended(&id).await, &json!(true));
    assert_eq!(helper.exit().await, Some(0));
    assert!(house.told(&id, "retry_scheduled").await.is_empty());
    assert!(house.told(&next, "action_started").await.is_empty());
    let other = house.helper("two", &["--types", "python"]);
    House::expect_result(&house.ended(&next).await, &json!(true));
    assert_eq!(house.told(&next, "action_started").await[0]["worker"], other.name.as_str());
}

#[tokio::test]
async fn what_is_not_done_in_time_is_given_to_another() {
    let house = House::open();
    let mut helper = house.helper("one", &["--types", "python", "--drain", "0"]);
    let id = house.hold().await;
    let other = house.helper("two", &["--types", "python"]);
    helper.signal("TERM");
    assert_eq!(helper.exit().await, Some(0));
    let second = house.event(&id, "action_started", 2).await;
    assert_eq!(second["worker"], other.name.as_str());
    house.touch("go");
    House::expect_result(&house.ended(&id).await, &json!(true));
    assert!(house.told(&id, "report_late").await.is_empty(), "it was released, not reported");
}

#[tokio::test]
async fn a_second_signal_leaves_at_once() {
    let house = House::open();
    let mut helper = house.helper("one", &["--types", "python"]);
    house.hold().await;
    helper.signal("INT");
    let draining = || async { (house.get("workers").await["workers"][0]["draining"] == true).then_some(()) };
    until(draining).await;
    helper.signal("INT");
    assert_eq!(helper.exit().await, Some(130));
}

#[tokio::test]
async fn workers_come_back_to_a_server_that_was_stopped_or_killed() {
    let mut house = House::open();
    let _helper = house.helper("one", &["--types", "python"]);
    for (round, name) in ["TERM", "KILL"].into_iter().enumerate() {
        let (started, go) = (house.file(&format!("started-{round}")), house.file(&format!("go-{round}")));
        if round == 0 {
            house.register("hold", HOLD).await;
        }
        let id = house.submit("hold", json!({"started": started, "go": go})).await;
        until(|| async { started.exists().then_some(()) }).await;
        house.served.signal(name);
        house.served.wait();
        std::fs::write(&go, "").unwrap();
        house.open_again();
        House::expect_result(&house.ended(&id).await, &json!(true));
        assert_eq!(house.told(&id, "step_completed").await.len(), 1);
    }
}
