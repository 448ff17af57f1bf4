#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use super::*;
use protocol::{ExecutionId, TaskPart};
use serde_json::{Value, json};
use tokio::time::advance;
use uuid::Uuid;

const LARGE: u32 = 10 << 20;

fn key(attempt: u32) -> TaskKey {
    let execution_id = ExecutionId(Uuid::nil());
    TaskKey { execution_id, step: "s".into(), visit: 1, attempt, part: TaskPart::Action, item: None }
}

fn run(result: Value) -> Run {
    Run::completed(result)
}

/// Connected and taken in.
fn open(desk: &Desk, frame_bytes: u32) -> Value {
    desk.connected(frame_bytes);
    let join = next(desk).unwrap();
    assert_eq!(next(desk), None, "nothing before it is taken in");
    desk.joined(5_000);
    join
}

fn next(desk: &Desk) -> Option<Value> {
    desk.next().map(|frame| serde_json::from_str(&frame).unwrap())
}

fn attempts(keys: &Value) -> Vec<u64> {
    keys.as_array().unwrap().iter().map(|key| key["attempt"].as_u64().unwrap()).collect()
}

fn reported(frame: &Value) -> Vec<u64> {
    frame["reports"].as_array().unwrap().iter().map(|report| report["key"]["attempt"].as_u64().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn reports_go_together_and_are_kept_until_they_are_acknowledged() {
    let desk = Desk::new(WorkerJoin::default());
    open(&desk, LARGE);
    for attempt in 1..=100 {
        assert!(desk.begin(&key(attempt), None).is_some());
        desk.end(&key(attempt), run(json!(attempt)), 1);
    }
    let (first, second) = (next(&desk).unwrap(), next(&desk).unwrap());
    assert_eq!((reported(&first).len(), reported(&second).len(), next(&desk)), (64, 36, None));
    assert_ne!(first["id"], second["id"]);
    let all_but_one: Vec<TaskKey> = (1..64).map(key).collect();
    desk.reported(first["id"].as_u64(), &all_but_one);
    desk.reported(Some(99), &[key(70)]);
    assert_eq!(desk.unreported(), 37);
    // Over the next connection the rest is said again, in order.
    desk.disconnected();
    assert_eq!(next(&desk), None);
    open(&desk, LARGE);
    let again = next(&desk).unwrap();
    assert_eq!(reported(&again), (64..=100).collect::<Vec<u64>>());
    assert!(desk.begin(&key(64), None).is_none(), "what has ended here is not begun again");
    desk.reported(again["id"].as_u64(), &(64..=100).map(key).collect::<Vec<_>>());
    assert_eq!((desk.unreported(), next(&desk)), (0, None));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_is_released_and_not_reported() {
    let desk = Desk::new(WorkerJoin::default());
    open(&desk, LARGE);
    let cancelled = desk.begin(&key(1), None).unwrap();
    assert!(desk.begin(&key(1), None).is_none(), "once is enough");
    desk.cancel(&[key(1), key(2)]);
    assert!(*cancelled.borrow());
    desk.end(&key(1), run(json!("too late")), 1);
    let frame = next(&desk).unwrap();
    assert_eq!((reported(&frame).len(), attempts(&frame["released"])), (0, vec![1]));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_becomes_a_failure_that_says_so() {
    let desk = Desk::new(WorkerJoin::default());
    open(&desk, 64 << 10);
    desk.begin(&key(1), None);
    desk.end(&key(1), run(json!("x".repeat(70_000))), 1);
    let report = next(&desk).unwrap()["reports"][0].clone();
    assert_eq!((&report["outcome"], &report["error"]["code"]), (&json!("failed"), &json!("result_refused")));
}

#[tokio::test(start_paused = true)]
async fn heartbeats_name_what_runs_and_come_as_often_as_the_most_impatient_task_wants() {
    let desk = Desk::new(WorkerJoin::default());
    open(&desk, LARGE);
    desk.begin(&key(1), None);
    assert_eq!(desk.beat_at().unwrap() - Instant::now(), Duration::from_secs(5));
    desk.begin(&key(2), Some(900));
    assert_eq!(desk.beat_at().unwrap() - Instant::now(), Duration::from_millis(300));
    assert_eq!(next(&desk), None);
    advance(Duration::from_millis(300)).await;
    let beat = next(&desk).unwrap();
    let mut named = attempts(&beat["tasks"]);
    named.sort_unstable();
    assert_eq!((beat["type"].as_str(), named), (Some("worker_heartbeat"), vec![1, 2]));
    assert_eq!(next(&desk), None);
    // News go sooner, the newest of each kind and all that was written.
    desk.tell(&key(1), Told::Percent(10.0));
    desk.tell(&key(1), Told::Percent(20.0));
    desk.tell(&key(1), Told::Stdout("a\n".into()));
    desk.tell(&key(1), Told::Stdout("b\n".into()));
    desk.tell(&key(9), Told::Percent(1.0));
    advance(NEWS).await;
    let beat = next(&desk).unwrap();
    let note = &beat["progress"][0];
    assert_eq!((&note["percent"], &note["logs"]["stdout"]), (&json!(20.0), &json!("a\nb\n")));
    assert_eq!(beat["progress"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_is_done_when_the_server_knows_everything_and_sends_no_more() {
    let desk = Desk::new(WorkerJoin::default());
    open(&desk, LARGE);
    desk.begin(&key(1), None);
    desk.drain();
    assert_eq!(next(&desk).unwrap()["type"], "worker_drain");
    desk.drained();
    assert!(!desk.is_done(), "something runs");
    desk.end(&key(1), run(json!(1)), 1);
    let frame = next(&desk).unwrap();
    assert!(!desk.is_done(), "nobody has said that it is durable");
    // The connection ends, and over the next one it drains again.
    desk.disconnected();
    assert!(!desk.is_done());
    assert_eq!(open(&desk, LARGE)["type"], "worker_join");
    assert_eq!(next(&desk).unwrap()["type"], "worker_drain");
    assert_ne!(next(&desk).unwrap()["id"], frame["id"]);
    desk.reported(Some(2), &[key(1)]);
    assert!(!desk.is_done(), "a task may be on its way");
    desk.drained();
    assert!(desk.is_done());
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_is_named_when_it_joins_again() {
    let desk = Desk::new(WorkerJoin { name: "w".into(), ..WorkerJoin::default() });
    open(&desk, LARGE);
    desk.begin(&key(1), None);
    desk.disconnected();
    let join = open(&desk, LARGE);
    assert_eq!((join["name"].as_str(), attempts(&join["tasks"])), (Some("w"), vec![1]));
}
