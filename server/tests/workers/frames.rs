//! What the socket makes of a worker's frames.

use crate::{
    house::{House, until},
    line::{self, Line},
    support::Run,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

const TWO: &str = r#"
  - {step: start, next: one}
  - {step: one, type: noop, data: {n: 1}, next: two}
  - {step: two, type: noop, data: {n: 2}, next: end}
  - {step: end, result: "{{ two.n }}"}
"#;

#[tokio::test]
async fn a_worker_of_a_few_lines_does_a_playbook() {
    let house = House::open();
    house.register("two", TWO).await;
    let (mut line, name) = Line::join(&house.served.url, &["noop"], 1).await;
    assert!(name.starts_with("signalbox/raw:"), "{name}");
    let id = house.submit("two", json!({})).await;
    for step in ["one", "two"] {
        let tasks = line.tasks().await;
        assert_eq!(tasks.len(), 1);
        assert_eq!((&tasks[0]["step"], &tasks[0]["execution_id"]), (&json!(step), &json!(id)));
        assert_eq!(line.report(&tasks[0], json!({"n": step})).await, json!([tasks[0]]));
    }
    House::expect_result(&house.ended(&id).await, &json!("two"));
    let started = house.told(&id, "action_started").await;
    assert_eq!(started.iter().map(|event| event["worker"].as_str().unwrap()).collect::<Vec<_>>(), [&name, &name]);
}

#[tokio::test]
async fn nonsense_is_answered_by_name_and_ends_the_connection_when_it_goes_on() {
    let house = House::open();
    let mut line = Line::connect(&house.served.url).await;
    for (text, code) in [
        ("{", "invalid_json"),
        (r#"{"type":"worker_join","name":"x","concurrency":1}"#, "missing_field"),
        (r#"{"type":"worker_join","name":"x","protocols":["a b"],"concurrency":1}"#, "invalid_field"),
        (r#"{"type":"worker_heartbeat","tasks":[]}"#, "worker_not_joined"),
        (r#"{"type":"worker_dance"}"#, "unknown_type"),
    ] {
        line.text(text).await;
        let answer = line.next().await;
        assert_eq!((&answer["type"], &answer["code"]), (&json!("error"), &json!(code)), "{text}: {answer}");
    }
    for _ in 0..100 {
        line.text("nonsense").await;
    }
    assert_eq!(line.closed().await, 4400);
    let (mut line, _) = Line::join(&house.served.url, &["noop"], 1).await;
    line.send(json!({"type": "worker_reports", "id": 1, "reports": [{"key": {}}]})).await;
    let answer = line.next().await;
    assert_eq!(
        (&answer["type"], &answer["id"], &answer["code"]),
        (&json!("error"), &json!(1), &json!("missing_field"))
    );
}

#[tokio::test]
async fn pages_of_other_origins_cannot_be_workers() {
    let house = House::open();
    for (name, value) in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("host", "evil.example")]
    {
        let mut request = line::handshake(&house.served.url);
        request.headers_mut().insert(name, value.parse().unwrap());
        match line::open(request).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{name}"),
            Err(other) => panic!("{name}: {other}"),
            Ok(_) => panic!("{name}: let in"),
        }
    }
}

#[tokio::test]
async fn who_is_connected_is_told_over_rest_the_socket_and_the_command_line() {
    let house = House::open();
    assert_eq!(house.get("workers").await, json!({"workers": []}));
    let mut helper = house.helper("tess", &["--types", "noop,python", "--concurrency", "3"]);
    let (mut line, raw) = Line::join(&house.served.url, &["cobol"], 2).await;
    line.send(json!({"type": "worker_drain"})).await;
    assert_eq!(line.next().await["type"], "worker_draining");

    let listed = house.get("workers").await;
    let workers = listed["workers"].as_array().unwrap();
    let told: Vec<Value> = workers
        .iter()
        .map(|w| json!([w["worker"], w["name"], w["protocols"], w["concurrency"], w["running"], w["draining"]]))
        .collect();
    let tess = json!([helper.name, "tess", ["noop", "python"], 6, 0, false]);
    assert_eq!(told, [tess, json!([raw, "raw", ["cobol"], 2, 0, true])]);
    assert!(workers[0]["version"].as_str().unwrap().starts_with("signalbox "));

    line.send(json!({"type": "command", "id": 1, "method": "workers"})).await;
    let mut reply = line.next().await["result"].clone();
    reply["workers"][1]["heard_at"] = listed["workers"][1]["heard_at"].clone();
    assert_eq!(reply["workers"][1], listed["workers"][1]);

    let run = Run::of(house.folder.path(), ["workers", "--server", &house.served.url]).expect(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(lines[0].starts_with(&helper.name) && lines[0].ends_with("noop,python"), "{lines:?}");
    assert!(lines[1].contains("0/2 running, leaving"), "{lines:?}");
    let run = Run::of(house.folder.path(), ["workers", "--data", "data", "--json"]).expect(0);
    assert_eq!(run.lines().len(), 2, "the server that holds the folder is asked");

    helper.signal("TERM");
    assert_eq!(helper.exit().await, Some(0));
    drop(line);
    until(|| async { house.get("workers").await["workers"].as_array().unwrap().is_empty().then_some(()) }).await;
}
