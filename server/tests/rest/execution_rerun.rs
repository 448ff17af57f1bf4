//! `/api/v1/executions/{id}/rerun`

use crate::support::{Answer, BLOCKING, TestServer};
use serde_json::{Value, json};

/// Fails in its second step while `broken` is true.
const FRAGILE: &str = r#"
apiVersion: signalbox/v1
kind: Playbook
metadata: {name: fragile, path: tests/fragile}
workload: {broken: true, n: 1}
workflow:
  - {step: start, next: first}
  - {step: first, type: noop, data: {n: "{{ workload.n }}"}, next: second}
  - {step: second, type: noop, data: {ok: "{{ nothing.there if workload.broken else 1 }}"}, next: end}
  - {step: end, result: {n: "{{ first.n }}"}}
"#;

async fn types(server: &TestServer, id: &str) -> Vec<String> {
    let history = server.read(&format!("/api/v1/executions/{id}/events")).await.expect(200);
    let name = |event: &Value| {
        let step = event["data"]["step"].as_str().unwrap_or_default();
        format!("{} {step}", event["type"].as_str().expect("a type")).trim_end().to_owned()
    };
    history["events"].as_array().expect("events").iter().map(name).collect()
}

#[tokio::test]
async fn what_completed_is_taken_over_and_the_rest_done_anew() {
    let server = TestServer::start().await;
    server.register(FRAGILE).await;
    let of = server.submit("tests/fragile", json!({})).await;
    assert_eq!(server.ended(&of).await["outcome"], "failed");
    let url = format!("/api/v1/executions/{of}/rerun");

    // Where it stopped, with the same input: it fails there again.
    let same = Answer::of(server.client.post(server.url(&url))).await.expect(201);
    let same = same["execution_id"].as_str().expect("an id");
    assert_eq!(server.ended(same).await["outcome"], "failed");
    assert!(types(&server, same).await.contains(&"step_reused first".to_owned()));

    let mended = json!({"from": "second", "input": {"broken": false, "n": 2}});
    let mended = server.send_json(&url, &mended).await.expect(201);
    let mended = mended["execution_id"].as_str().expect("an id");
    let ended = server.ended(mended).await;
    assert_eq!((&ended["outcome"], &ended["result"]), (&json!("completed"), &json!({"n": 1})), "{ended}");
    assert_eq!(ended["lineage"]["rerun"], json!({"of": of, "from": "second"}));

    let anew = json!({"from": "start", "input": {"broken": false, "n": 2}, "idempotency_key": "once"});
    let started = server.send_json(&url, &anew).await.expect(201);
    let ended = server.ended(started["execution_id"].as_str().expect("an id")).await;
    assert_eq!(ended["result"], json!({"n": 2}));
    assert_eq!(server.send_json(&url, &anew).await.expect(200)["execution_id"], started["execution_id"]);

    let reruns = server.read(&format!("/api/v1/executions?rerun_of={of}")).await.expect(200);
    assert_eq!(reruns["executions"].as_array().expect("a list").len(), 3);
}

#[tokio::test]
async fn what_cannot_be_run_again_is_named() {
    let server = TestServer::start().await;
    server.register(FRAGILE).await;
    server.register(BLOCKING).await;
    let of = server.submit("tests/fragile", json!({})).await;
    server.ended(&of).await;
    let url = format!("/api/v1/executions/{of}/rerun");
    server.send_json(&url, &json!({"from": "nothing"})).await.problem(422, "unknown_step");
    server.send_json(&url, &json!({"from": "end"})).await.problem(422, "step_not_reached");
    server.send_json(&url, &json!({"version": 9})).await.problem(404, "not_found");
    server.send_json(&url, &json!({"input": [1]})).await.problem(422, "input_invalid");
    let running = server.submit("tests/blocking", json!({})).await;
    let url = format!("/api/v1/executions/{running}/rerun");
    server.send_json(&url, &json!({})).await.problem(409, "not_ended");
}
