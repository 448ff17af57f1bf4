//! How far workers are, told to who watches.

use super::scene::{Scene, key, run, task};
use hub::Kind;
use protocol::Task;
use serde_json::json;
use std::sync::Arc;
use worker::Cancelled;

#[tokio::test(start_paused = true)]
async fn progress_of_its_own_tasks_is_seen_by_who_watches_the_execution() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let mut watcher = scene.peer(Kind::Client).await;
    let topic = format!("execution:{}", task(1).key.execution_id);
    watcher.send(json!({"type": "subscribe", "topics": [topic]})).await;
    assert_eq!(watcher.next().await["type"], "subscribed");
    let _running = run(&executors[0], task(1));
    peer.next().await;
    let note = |attempt, percent| json!({"key": key(attempt), "percent": percent, "message": "so far", "logs": {"stdout": "line\n"}});
    let progress = [note(2, 10.0), note(1, 140.0)];
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)], "progress": progress})).await;
    let event = &watcher.next().await["event"];
    assert_eq!((event["type"].as_str(), event["position"].is_null()), (Some("task_progress"), true));
    let data = &event["data"];
    assert_eq!((&data["attempt"], &data["percent"]), (&json!(1), &json!(100.0)), "one that is not its own is nobody's");
    assert_eq!((&data["message"], &data["logs"]["stdout"]), (&json!("so far"), &json!("line\n")));
    assert!(data["worker"].as_str().unwrap().starts_with("server/w:"));
}

#[tokio::test(start_paused = true)]
async fn progress_of_a_task_with_credentials_tells_nothing_of_them() {
    let mut scene = Scene::new().await;
    let (mut peer, executors) = scene.worker(json!({})).await;
    let mut watcher = scene.peer(Kind::Client).await;
    watcher.send(json!({"type": "subscribe", "topics": [format!("execution:{}", task(1).key.execution_id)]})).await;
    assert_eq!(watcher.next().await["type"], "subscribed");
    let config = json!({"auth": {"type": "bearer", "inline": {"token": "xyzzy-plugh"}}});
    let opened = scene.registry.vault.open(&scene.registry.store, Task { config: Arc::new(config), ..task(1) }).await;
    let (opened, redaction) = opened.unwrap();
    let (_switch, cancelled) = Cancelled::pair();
    let executor = executors[0].clone();
    let running = tokio::spawn(async move { executor.run_opened(opened, Arc::new(redaction), cancelled).await });
    let leased = peer.next().await;
    assert_eq!(leased["leases"][0]["credentials"]["inline"]["token"], "xyzzy-plugh", "its worker has them");
    let note = json!({"key": key(1), "message": "with xyzzy-plugh", "logs": {"stdout": "xyzzy-"}});
    peer.send(json!({"type": "worker_heartbeat", "tasks": [key(1)], "progress": [note]})).await;
    let event = watcher.next().await["event"].clone();
    assert_eq!(event["data"]["message"], "with ***");
    assert!(!event.to_string().contains("xyzzy"), "{event}");
    running.abort();
}
