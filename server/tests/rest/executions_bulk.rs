//! `/api/v1/executions/bulk`

use crate::support::{ECHO, FAILING, TestServer, WAITING};
use serde_json::{Value, json};

const URL: &str = "/api/v1/executions/bulk";

fn outcomes(answer: &Value) -> Vec<Value> {
    answer["outcomes"].as_array().expect("outcomes").clone()
}

#[tokio::test]
async fn each_execution_that_is_meant_has_its_own_outcome() {
    let server = TestServer::start().await;
    for source in [ECHO, FAILING, WAITING] {
        server.register(source).await;
    }
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.insert(0, server.submit("tests/waiting", json!({})).await);
    }
    let done = server.submit("tests/echo", json!({})).await;
    let failed = server.submit("tests/failing", json!({})).await;
    for id in [&done, &failed] {
        server.ended(id).await;
    }
    let all_waiting = json!({"path": "tests/waiting"});

    let dry = json!({"action": "cancel", "filter": all_waiting, "limit": 3, "dry_run": true});
    let dry = server.send_json(URL, &dry).await.expect(200);
    let ids: Vec<Value> = outcomes(&dry).iter().map(|outcome| outcome["execution_id"].clone()).collect();
    assert_eq!(ids, waiting[..3]);
    assert!(outcomes(&dry).iter().all(|outcome| outcome["done"].is_null()));
    assert_eq!(server.read(&format!("/api/v1/executions/{}", waiting[0])).await.expect(200)["outcome"], json!(null));

    // The rest of them, by the cursor.
    let rest = json!({"path": "tests/waiting", "cursor": dry["next"]});
    let cancelled = json!({"action": "cancel", "filter": rest, "reason": "cleared"});
    let cancelled = server.send_json(URL, &cancelled).await.expect(200);
    assert_eq!(outcomes(&cancelled).len(), 2);
    assert_eq!(cancelled["next"], json!(null));
    for id in &waiting[3..] {
        assert_eq!(server.ended(id).await["outcome"], "cancelled");
    }

    let paused = server.send_json(URL, &json!({"action": "pause", "filter": all_waiting})).await.expect(200);
    let told: Vec<(Value, Value)> =
        outcomes(&paused).iter().map(|outcome| (outcome["done"].clone(), outcome["code"].clone())).collect();
    let (yes, no) = ((json!(true), json!(null)), (json!(false), json!("already_ended")));
    assert_eq!(told, [yes.clone(), yes.clone(), yes, no.clone(), no]);

    let again = json!({"action": "rerun", "filter": {"status": "failed"}});
    let again = outcomes(&server.send_json(URL, &again).await.expect(200));
    assert_eq!(again.len(), 1);
    let rerun = server.ended(again[0]["started"].as_str().expect("a new one")).await;
    assert_eq!(rerun["lineage"]["rerun"]["of"], failed.as_str());
}

#[tokio::test]
async fn those_that_are_named_are_meant_and_no_others() {
    let server = TestServer::start().await;
    server.register(WAITING).await;
    let seen = server.submit("tests/waiting", json!({})).await;
    let later = server.submit("tests/waiting", json!({})).await;
    let nobody = "01998c4e-9c1b-7d2e-8a10-0123456789ab";
    let named = json!([seen, nobody, seen]);

    let dry = json!({"action": "cancel", "executions": named, "dry_run": true});
    let dry = outcomes(&server.send_json(URL, &dry).await.expect(200));
    assert_eq!(dry.iter().map(|outcome| outcome["done"].clone()).collect::<Vec<_>>(), [json!(null), json!(null)]);

    let done = outcomes(&server.send_json(URL, &json!({"action": "cancel", "executions": named})).await.expect(200));
    let told: Vec<Value> = done.iter().map(|outcome| json!([outcome["execution_id"], outcome["done"]])).collect();
    assert_eq!(told, [json!([seen, true]), json!([nobody, false])], "each once, in the order they are named");
    assert_eq!(done[1]["code"], "not_found");
    assert_eq!(server.ended(&seen).await["outcome"], "cancelled");
    assert_eq!(server.read(&format!("/api/v1/executions/{later}")).await.expect(200)["outcome"], json!(null));
}

#[tokio::test]
async fn a_filter_that_says_nothing_is_refused() {
    let server = TestServer::start().await;
    for body in [
        json!({"action": "cancel", "filter": {}}),
        json!({"action": "cancel", "filter": {"path": "a", "limit": 3}}),
        json!({"action": "cancel", "filter": {"status": "sideways"}}),
        json!({"action": "cancel", "filter": {"path": "a"}, "limit": 1001}),
        json!({"action": "cancel"}),
        json!({"action": "cancel", "executions": []}),
        json!({"action": "cancel", "executions": ["01998c4e-9c1b-7d2e-8a10-0123456789ab"], "limit": 1}),
        json!({"action": "cancel", "executions": ["01998c4e-9c1b-7d2e-8a10-0123456789ab"], "filter": {"path": "a"}}),
    ] {
        server.send_json(URL, &body).await.problem(400, "filter_invalid");
    }
    server.send_json(URL, &json!({"action": "delete", "filter": {"path": "a"}})).await.problem(422, "json_shape");
}
