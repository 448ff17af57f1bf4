//! Workers that are lost, and come back.

use crate::{
    house::{Helper, House, until},
    line::Line,
};
use serde_json::json;
use std::{collections::HashMap, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

#[tokio::test]
async fn the_task_of_a_killed_worker_goes_to_another_at_once() {
    let house = House::open();
    let both = ["left", "right"].map(|name| house.helper(name, &["--types", "python"]));
    let mut helpers: HashMap<String, Helper> = both.into_iter().map(|helper| (helper.name.clone(), helper)).collect();
    let id = house.hold().await;
    let first = house.event(&id, "action_started", 1).await;
    let victim = helpers.remove(first["worker"].as_str().unwrap()).expect("one of the two");
    victim.kill();
    // The other has it while the work of the first, whose process lives on, would still wait.
    let second = house.event(&id, "action_started", 2).await;
    assert_eq!(second["attempt"], 2);
    assert!(helpers.contains_key(second["worker"].as_str().unwrap()), "{second}");
    let retry = &house.told(&id, "retry_scheduled").await[0];
    assert_eq!((&retry["reason"], &retry["delay_ms"]), (&json!("worker_lost"), &json!(0)));
    house.touch("go");
    House::expect_result(&house.ended(&id).await, &json!(true));
}

#[tokio::test]
async fn a_worker_that_is_lost_with_tasks_is_an_alert_and_one_that_leaves_is_none() {
    let house = House::open();
    house.register("one", ONE).await;
    let (idle, _) = Line::join(&house.served.url, &["noop"], 1).await;
    drop(idle);
    let (mut line, name) = Line::join(&house.served.url, &["noop"], 1).await;
    house.submit("one", json!({})).await;
    line.tasks().await;
    drop(line);
    let alert = until(|| async { house.alerts().await.into_iter().next() }).await;
    assert_eq!((&alert["severity"], &alert["component"]), (&json!("warning"), &json!("workers")));
    assert_eq!(alert["details"]["code"], "worker_lost");
    let message = alert["message"].as_str().unwrap();
    assert!(message.contains(&name) && message.contains("with 1 task "), "{message}");
    assert_eq!(house.alerts().await.len(), 1);
}

const ONE: &str = "
  - {step: start, next: one}
  - {step: one, type: noop, data: {n: 1}, next: hold}
  - {step: hold, type: cobol, data: {}, next: end}
  - {step: end, result: \"{{ one.by }}\"}
";

#[tokio::test]
async fn a_late_report_is_recorded_once_and_changes_nothing() {
    let house = House::open();
    house.register("one", ONE).await;
    let (mut line, first) = Line::join(&house.served.url, &["noop"], 1).await;
    let id = house.submit("one", json!({})).await;
    let lost = line.tasks().await.remove(0);
    drop(line);
    let (mut line, second) = Line::join(&house.served.url, &["noop"], 1).await;
    assert_ne!(first, second);
    let task = line.tasks().await.remove(0);
    assert_eq!((&lost["attempt"], &task["attempt"]), (&json!(1), &json!(2)));
    // Late, again, and once more when the attempt that counts has ended.
    assert_eq!(line.report(&lost, json!({"by": "late"})).await, json!([lost]));
    assert_eq!(line.report(&lost, json!({"by": "later"})).await, json!([lost]));
    assert_eq!(line.report(&task, json!({"by": "counts"})).await, json!([task]));
    assert_eq!(line.report(&task, json!({"by": "twice"})).await, json!([task]));
    assert_eq!(line.report(&lost, json!({"by": "last"})).await, json!([lost]));
    // The step behind it, so that the execution has not ended before.
    let (mut other, _) = Line::join(&house.served.url, &["cobol"], 1).await;
    let hold = other.tasks().await.remove(0);
    other.report(&hold, json!({})).await;
    House::expect_result(&house.ended(&id).await, &json!("counts"));
    let late = house.told(&id, "report_late").await;
    assert_eq!(late.len(), 1, "{late:?}");
    assert_eq!((&late[0]["attempt"], &late[0]["worker"]), (&json!(1), &json!(second)));
    assert_eq!(house.told(&id, "action_completed").await.len(), 2);
    // And after its end.
    assert_eq!(line.report(&lost, json!({"by": "ghost"})).await, json!([lost]));
    assert_eq!(house.events(&id).await.last().unwrap()["type"], "execution_complete");
}

#[tokio::test]
async fn a_report_for_somebody_elses_task_is_not_applied() {
    let house = House::open();
    house.register("one", ONE).await;
    let (mut line, _) = Line::join(&house.served.url, &["noop"], 1).await;
    let id = house.submit("one", json!({})).await;
    let task = line.tasks().await.remove(0);
    let (mut thief, _) = Line::join(&house.served.url, &["fortran"], 1).await;
    assert_eq!(thief.report(&task, json!({"by": "thief"})).await, json!([task]));
    assert!(house.told(&id, "action_completed").await.is_empty());
    assert_eq!(line.report(&task, json!({"by": "owner"})).await, json!([task]));
    assert_eq!(house.event(&id, "action_completed", 1).await["result"]["by"], "owner");
}

#[tokio::test]
async fn a_report_of_work_the_worker_does_not_do_is_not_applied() {
    let house = House::open();
    house.register("one", ONE).await;
    let (mut line, _) = Line::join(&house.served.url, &["noop"], 1).await;
    let id = house.submit("one", json!({})).await;
    let mut task = line.tasks().await.remove(0);
    drop(line);
    // The next attempt is open, and nobody has it.
    house.event(&id, "retry_scheduled", 1).await;
    task["attempt"] = json!(2);
    let (mut thief, _) = Line::join(&house.served.url, &["fortran"], 1).await;
    assert_eq!(thief.report(&task, json!({"by": "thief"})).await, json!([task]));
    assert!(house.told(&id, "action_completed").await.is_empty());
    let (mut line, _) = Line::join(&house.served.url, &["noop"], 1).await;
    assert_eq!(line.tasks().await.remove(0), task);
    assert_eq!(line.report(&task, json!({"by": "owner"})).await, json!([task]));
    assert_eq!(house.event(&id, "action_completed", 1).await["result"]["by"], "owner");
}

/// A wire between workers and a server that can be cut and mended.
struct Wire {
    listener: TcpListener,
    address: String,
}

impl Wire {
    /// And the server at its far end, which answers to the wire's address too.
    async fn and_house() -> (String, watch::Sender<bool>, House) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wire = Self { address: listener.local_addr().unwrap().to_string(), listener };
        let house = House::open_with(&["--no-local-providers", "--hosts", &wire.address]);
        let url = format!("http://{}", wire.address);
        let mended = wire.lay(house.served.url.trim_start_matches("http://").into());
        (url, mended, house)
    }

    fn lay(self, server: Arc<str>) -> watch::Sender<bool> {
        let (mended, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = self.listener.accept().await {
                let (server, mut state) = (server.clone(), state.clone());
                tokio::spawn(async move {
                    if !*state.borrow() {
                        return;
                    }
                    let mut server = TcpStream::connect(&*server).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = state.wait_for(|mended| !mended) => {}
                    }
                });
            }
        });
        mended
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_while_the_wire_was_cut_is_reported_late_and_done_again() {
    let (wire, mended, house) = Wire::and_house().await;
    let helper = Helper::of(house.folder.path(), &wire, "far", &["--types", "python"]);
    let id = house.hold().await;
    mended.send_replace(false);
    house.event(&id, "retry_scheduled", 1).await;
    until(|| async { house.get("workers").await["workers"].as_array().unwrap().is_empty().then_some(()) }).await;
    // It ends now, with nobody to tell.
    house.touch("go");
    mended.send_replace(true);
    House::expect_result(&house.ended(&id).await, &json!(true));
    let started = house.told(&id, "action_started").await;
    assert_eq!(started.len(), 2);
    assert_eq!(started[0]["worker"], helper.name.as_str());
    assert_eq!(house.told(&id, "action_completed").await[0]["attempt"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_done_over_a_wire_that_is_cut_again_and_again() {
    let (wire, mended, house) = Wire::and_house().await;
    house
        .register(
            "many",
            "  - {step: start, next: a}\n  - {step: a, type: noop, data: {n: 1}, next: b}\n  - {step: b, type: noop, \
             data: {n: \"{{ a.n + 1 }}\"}, next: end}\n  - {step: end, result: \"{{ b.n }}\"}\n",
        )
        .await;
    let _helper = Helper::of(house.folder.path(), &wire, "far", &["--types", "noop"]);
    for _ in 0..10 {
        let ids = futures::future::join_all((0..10).map(|_| house.submit("many", json!({})))).await;
        mended.send_replace(false);
        until(|| async { house.get("workers").await["workers"].as_array().unwrap().is_empty().then_some(()) }).await;
        mended.send_replace(true);
        for id in ids {
            House::expect_result(&house.ended(&id).await, &json!(2));
            assert_eq!(house.told(&id, "step_completed").await.len(), 2);
        }
    }
}

#[tokio::test]
async fn a_worker_that_stands_still_loses_its_lease() {
    let house = House::open();
    let frozen = house.helper("frozen", &["--types", "python"]);
    let id = house.hold().await;
    let other = house.helper("other", &["--types", "python"]);
    frozen.signal("STOP");
    let second = house.event(&id, "action_started", 2).await;
    assert_eq!(second["worker"], other.name.as_str());
    house.touch("go");
    House::expect_result(&house.ended(&id).await, &json!(true));
    // It wakes up, and joins anew.
    frozen.signal("CONT");
    let both = || async { (house.get("workers").await["workers"].as_array().unwrap().len() == 2).then_some(()) };
    until(both).await;
}
