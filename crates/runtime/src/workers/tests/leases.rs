//! Tasks that workers have: how they come to an end, and what counts.

use super::scene::{Scene, key, reason, report, run, task};
use crate::{
    driver::Message,
    workers::{HEARTBEAT, LEASE, STOP_GRACE},
};
use engine::Input;
use protocol::{Position, Problem, Task, frame::close, task::TaskOutcome};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::advance;

#[tokio::test(start_paused = true)]
async fn a_report_ends_its_lease_and_is_acknowledged_when_it_is_durable() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    let tasks = peer.next().await;
    assert_eq!((&tasks["type"], &tasks["leases"][0]["task"]["key"]), (&json!("worker_tasks"), &key(1)));
    peer.send(report(5, 1)).await;
    let done = running.await.unwrap().unwrap_or_else(|_| panic!("a report"));
    assert_eq!(done.duration_ms, Some(7));
    assert!(matches!(&done.run.outcome, TaskOutcome::Completed { result } if **result == json!({"done": 1})));
    assert_eq!(scene.registry.list()[0].running, 0);
    // What is sent before the commit is durable says nothing of it.
    peer.send(json!({"type": "ping", "id": 1})).await;
    assert_eq!(peer.next().await["type"], "pong");
    done.receipt.unwrap().send(Ok(())).unwrap();
    assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 5, "settled": [key(1)]}));
}

#[tokio::test(start_paused = true)]
async fn a_report_the_server_cannot_promise_is_not_acknowledged() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    peer.next().await;
    peer.send(report(5, 1)).await;
    let stopping = Problem::new(503, "stopping", "Stopping", "stopping").temporary();
    running.await.unwrap().ok().unwrap().receipt.unwrap().send(Err(stopping)).unwrap();
    assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 5, "settled": []}));
}

#[tokio::test]
async fn a_report_after_a_restart_counts_and_has_no_secrets_in_it() {
    let mut scene = Scene::new().await;
    let config = json!({"auth": {"type": "bearer", "inline": {"token": "xyzzy-plugh"}}});
    scene.open(Task { config: Arc::new(config), ..task(1) }).await;
    let (mut peer, _) = scene.worker(json!({})).await;
    let report = json!({"key": key(1), "outcome": "completed", "result": "xyzzy-plugh!", "duration_ms": 7,
        "logs": {"stdout": "with xyzzy-plugh"}});
    peer.send(json!({"type": "worker_reports", "id": 1, "reports": [report]})).await;
    let Some(Message::Tell { input: Input::Report { report, .. }, reply, .. }) = scene.inbox.recv().await else {
        panic!("a report")
    };
    assert_eq!(report.logs.stdout, "with ***");
    assert!(matches!(report.outcome, TaskOutcome::Completed { result } if *result == json!("***!")));
    reply.send(Ok(())).unwrap();
    assert_eq!(peer.next().await["settled"], json!([key(1)]));
}

#[tokio::test]
async fn a_report_of_a_protocol_that_is_not_the_workers_goes_nowhere() {
    let mut scene = Scene::new().await;
    scene.open(Task { protocol: "python".into(), ..task(1) }).await;
    let (mut peer, _) = scene.worker(json!({})).await;
    peer.send(report(1, 1)).await;
    assert_eq!(peer.next().await["settled"], json!([key(1)]), "acknowledged, so that it is not said again");
    assert!(scene.inbox.try_recv().is_err(), "and the driver does not hear of it");
}

// In real time: the store is asked, on a thread of its own.
#[tokio::test]
async fn a_late_report_goes_to_the_driver_and_not_to_who_holds_the_task_now() {
    let mut scene = Scene::new().await;
    let (mut peer, _) = scene.worker(json!({})).await;
    let (_other, executors) = scene.worker(json!({"name": "other"})).await;
    peer.send(report(1, 1)).await;
    // What the store knows of it, whoever decides is to know too.
    let Some(Message::Moved(moved)) = scene.inbox.recv().await else { panic!("where the log is") };
    assert_eq!(moved, [(task(1).key.execution_id, Position(0))]);
    let Some(Message::Tell { id, input: Input::Late { key: told, outcome, worker }, reply }) = scene.inbox.recv().await
    else {
        panic!("a report that cannot count")
    };
    assert_eq!((id, told, outcome), (task(1).key.execution_id, task(1).key, "completed"));
    assert!(worker.starts_with("server/w:"), "{worker}");
    reply.send(Ok(())).unwrap();
    assert_eq!(peer.next().await["settled"], json!([key(1)]));

    let (_switch, running) = run(&executors[0], task(2));
    tokio::task::yield_now().await;
    peer.send(report(2, 2)).await;
    assert_eq!(peer.next().await["settled"], json!([key(2)]), "acknowledged, so that it is not said again");
    assert!(scene.inbox.try_recv().is_err(), "and the driver does not hear of it");
    assert!(!running.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_worker_unheard_of_for_a_lease_is_gone_with_all_it_has() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let running = [run(&executors[0], task(1)), run(&executors[0], task(2))];
    peer.next().await;
    advance(LEASE - HEARTBEAT).await;
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1), key(2)]})).await;
    advance(LEASE - HEARTBEAT).await;
    assert!(executors[0].is_open(), "heartbeats keep it");
    for running in running {
        assert_eq!(reason(running).await, "nothing was heard of it for 15 s");
    }
    assert!(!executors[0].is_open());
    assert_eq!(peer.closed().await, close::LEASE);
    assert!(matches!(scene.inbox.recv().await, Some(Message::Leave(_))));
}

#[tokio::test(start_paused = true)]
async fn a_task_without_its_own_heartbeat_is_lost_alone() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let watched = Task { heartbeat_ms: Some(2_000), ..task(1) };
    let running = [run(&executors[0], watched), run(&executors[0], task(2))];
    peer.next().await;
    advance(Duration::from_millis(1_500)).await;
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)]})).await;
    advance(Duration::from_millis(1_500)).await;
    tokio::task::yield_now().await;
    assert!(!running[0].1.is_finished());
    let [first, second] = running;
    assert_eq!(reason(first).await, "no heartbeat of this task for 2000 ms");
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
    assert!(!second.1.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_is_released_by_its_worker_or_given_up() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    for releases in [true, false] {
        let started = tokio::time::Instant::now();
        let (switch, running) = run(&executors[0], task(1));
        assert_eq!(peer.next().await["type"], "worker_tasks");
        switch.send_replace(true);
        assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
        assert!(!running.is_finished(), "its place is not free yet");
        if releases {
            peer.send(json!({"type": "worker_reports", "id": 1, "released": [key(1)]})).await;
            assert_eq!(peer.next().await, json!({"type": "worker_reported", "id": 1, "settled": [key(1)]}));
        }
        assert!(running.await.unwrap().is_err());
        assert_eq!(started.elapsed() >= STOP_GRACE, !releases);
        assert_eq!(scene.registry.list()[0].running, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_leaves_loses_what_it_has_at_once_and_gets_nothing_more() {
    let mut scene = Scene::new().await;
    let (peer, executors) = scene.worker(json!({})).await;
    let running = run(&executors[0], task(1));
    tokio::task::yield_now().await;
    drop(peer);
    assert!(!executors[0].is_open(), "before the driver has heard of it");
    assert_eq!(reason(running).await, "disconnected");
    assert_eq!(reason(run(&executors[0], task(2))).await, "disconnected before the task reached it");
    assert!(matches!(scene.inbox.recv().await, Some(Message::Leave(_))));
}

#[tokio::test(start_paused = true)]
async fn a_draining_worker_gets_what_it_was_promised_and_no_more() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (_switch, running) = run(&executors[0], task(1));
    tokio::task::yield_now().await;
    peer.send(json!({"type": "worker_drain", "id": "d"})).await;
    assert!(!executors[0].is_open());
    assert!(scene.registry.list()[0].draining);
    assert_eq!(peer.next().await["type"], "worker_tasks");
    assert_eq!(peer.next().await, json!({"type": "worker_draining", "id": "d"}));
    peer.send(report(1, 1)).await;
    assert!(running.await.unwrap().is_ok());
    assert_eq!(reason(run(&executors[0], task(2))).await, "the worker is leaving");
}

#[tokio::test(start_paused = true)]
async fn when_the_server_goes_away_nothing_is_given_to_others() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let (switch, running) = run(&executors[0], task(1));
    peer.next().await;
    let hub = scene.hub.clone();
    let draining = tokio::spawn(async move { hub.drain().await });
    assert_eq!(peer.closed().await, close::DRAINING);
    drop(peer);
    draining.await.unwrap();
    assert!(!executors[0].is_open());
    assert!(!running.is_finished(), "the lease holds until this server has stopped");
    switch.send_replace(true);
    assert!(running.await.unwrap().is_err(), "and ends at once when it stops");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_workers_own_it_is_told_to_stop() {
    let mut scene = Scene::new().await;
    let (mut peer, _) = scene.worker(json!({"tasks": [key(1)]})).await;
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(1)]}));
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(2)]})).await;
    assert_eq!(peer.next().await, json!({"type": "worker_cancel", "tasks": [key(2)]}));
}

#[tokio::test(start_paused = true)]
async fn protocols_with_a_number_of_their_own_have_places_of_their_own() {
    let mut scene = Scene::new().await;
    let places = json!({"protocols": ["python", "noop", "http", "noop"], "concurrency_of": {"python": 2}});
    let (_peer, executors) = scene.worker(places).await;
    let groups: Vec<_> = executors.iter().map(|executor| (executor.protocols(), executor.concurrency())).collect();
    assert_eq!(groups, [(vec!["python".to_owned()], 2), (vec!["http".to_owned(), "noop".to_owned()], 4)]);
    let listed = &scene.registry.list()[0];
    assert_eq!((listed.concurrency, listed.protocols.len(), listed.name.as_str()), (6, 3, "w"));
}
