//! `/api/v1/executions`

use crate::support::{Answer, ECHO, FAILING, TestServer};
use serde_json::json;

const URL: &str = "/api/v1/executions";

#[tokio::test]
async fn input_is_merged_over_the_workload_and_the_result_comes_back() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let submitted =
        server.send_json(URL, &json!({"path": "tests/echo", "input": {"word": "hi", "nested": {"b": 3}}})).await;
    let id = submitted.expect(201)["execution_id"].as_str().expect("an id").to_owned();
    assert_eq!(submitted.header("location"), format!("{URL}/{id}"));
    let ended = server.ended(&id).await;
    assert_eq!(ended["execution_id"], id);
    assert_eq!((&ended["path"], &ended["version"]), (&json!("tests/echo"), &json!(1)));
    assert_eq!(ended["outcome"], "completed");
    assert_eq!(ended["input"], json!({"word": "hi", "nested": {"b": 3}}));
    assert_eq!(ended["result"], json!({"word": "hi", "nested": {"a": 1, "b": 3}}));
    assert_eq!(ended["error"], json!(null));
}

#[tokio::test]
async fn a_failure_names_step_attempt_and_cause() {
    let server = TestServer::start().await;
    server.register(FAILING).await;
    let id = server.submit("tests/failing", json!({})).await;
    let ended = server.ended(&id).await;
    assert_eq!(ended["outcome"], "failed");
    assert_eq!((&ended["error"]["step"], &ended["error"]["attempt"]), (&json!("break"), &json!(1)), "{ended}");
    assert!(ended["error"].to_string().contains("out of luck"), "{ended}");
}

#[tokio::test]
async fn the_list_pages_newest_first_and_filters() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    server.register(FAILING).await;
    let mut submitted = Vec::new();
    for _ in 0..5 {
        submitted.push(server.submit("tests/echo", json!({})).await);
    }
    let failed = server.submit("tests/failing", json!({})).await;
    for id in submitted.iter().chain([&failed]) {
        server.ended(id).await;
    }
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let id = |row: &serde_json::Value| row["execution_id"].as_str().expect("an id").to_owned();
        page["executions"].as_array().expect("a list").iter().map(id).collect()
    };

    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let after = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = server.read(&format!("{URL}?limit=2{after}")).await.expect(200);
        assert!(ids(&page).len() <= 2);
        seen.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let mut newest_first = submitted.clone();
    newest_first.push(failed.clone());
    newest_first.reverse();
    assert_eq!(seen, newest_first);

    for (query, expect) in [
        ("status=failed", vec![failed.clone()]),
        ("path=tests/failing", vec![failed.clone()]),
        ("q=FAILING", vec![failed.clone()]),
        ("status=cancelled", vec![]),
        ("status=completed&limit=1", vec![submitted[4].clone()]),
    ] {
        let page = server.read(&format!("{URL}?{query}")).await.expect(200);
        assert_eq!(ids(&page), expect, "{query}");
    }
}

#[tokio::test]
async fn wrong_requests_are_told_where() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    for (body, status, code, part) in [
        ("", 400, "json_syntax", "line 1 column 0"),
        ("{\"path\": \"tests/echo\", input: {}}", 400, "json_syntax", "line 1 column 24"),
        ("{\n  \"path\": \"a\",\n  \"input\": {,}\n}", 400, "json_syntax", "line 3 column 13"),
        ("{\"path\": \"tests/echo\"} trailing", 400, "json_syntax", "line 1 column 24"),
        ("[]", 422, "json_shape", "expected struct"),
        ("{}", 422, "json_shape", "`path`"),
        ("{\"path\": 7}", 422, "json_shape", "`path`"),
        ("{\"path\": \"tests/echo\", \"version\": -1}", 422, "json_shape", "`version`"),
        ("{\"path\": \"tests/echo\", \"inptu\": {}}", 422, "json_shape", "`inptu`"),
    ] {
        let detail = Answer::of(server.post(URL, "application/json", body)).await.problem(status, code);
        assert!(detail.contains(part), "{body}: {detail}");
    }
    server.send_json(URL, &json!({"path": "no/such"})).await.problem(404, "not_found");
    let not_an_object = server.send_json(URL, &json!({"path": "tests/echo", "input": [1]})).await;
    assert!((400..500).contains(&not_an_object.status), "{}", not_an_object.text());
    assert!(not_an_object.text().contains("input"), "{}", not_an_object.text());
    server.is_unharmed().await;
}

#[tokio::test]
async fn parameters_that_mean_nothing_are_named() {
    let server = TestServer::start().await;
    for (query, part) in [
        ("stauts=failed", "`stauts`"),
        ("limit=ten", "`limit`"),
        ("limit=1&limit=2", "`limit`"),
        ("since=yesterday", "`since`"),
    ] {
        let detail = server.read(&format!("{URL}?{query}")).await.problem(400, "query_parameter");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    for query in ["status=sideways", "cursor=!!", "limit=0", "limit=501"] {
        let answer = server.read(&format!("{URL}?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn ids_that_are_none_and_ids_of_nothing() {
    let server = TestServer::start().await;
    let detail = server.read(&format!("{URL}/7")).await.problem(400, "bad_id");
    assert!(detail.contains("`7`"), "{detail}");
    server.read(&format!("{URL}/01998c4e-9c1b-7d2e-8a10-0123456789ab")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_key_in_header_or_body_makes_a_submission_count_once() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let body = json!({"path": "tests/echo", "input": {"word": "once"}});
    let keyed = |body: &serde_json::Value, key: &str| {
        Answer::of(server.post(URL, "application/json", body.to_string()).header("idempotency-key", key))
    };
    let first = keyed(&body, "k-1").await.expect(201);
    assert_eq!(first["created"], true);
    let again = keyed(&body, "k-1").await;
    assert_eq!(again.expect(200)["execution_id"], first["execution_id"]);
    assert_eq!(again.header("location"), format!("{URL}/{}", first["execution_id"].as_str().expect("an id")));
    let in_body = json!({"path": "tests/echo", "input": {"word": "once"}, "idempotency_key": "k-1"});
    assert_eq!(server.send_json(URL, &in_body).await.expect(200)["execution_id"], first["execution_id"]);
    keyed(&in_body, "k-2").await.problem(422, "idempotency_key_invalid");
    keyed(&json!({"path": "tests/echo"}), "k-1").await.problem(409, "idempotency_conflict");
    let all = server.read(URL).await.expect(200);
    assert_eq!(all["executions"].as_array().expect("a list").len(), 1);
}
