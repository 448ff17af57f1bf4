//! `/api/v1/schedules`

use crate::support::{Answer, ECHO, TestServer};
use serde_json::json;

const URL: &str = "/api/v1/schedules";

#[tokio::test]
async fn a_schedule_is_added_changed_paused_run_and_deleted() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let nightly = json!({"name": "nightly", "path": "tests/echo", "cron": "0 3 * * *", "timezone": "Europe/Berlin",
        "overlap": "skip", "input": {"word": "night"}});
    let added = server.send_json(URL, &nightly).await;
    let schedule = added.expect(201);
    assert_eq!(added.header("location"), format!("{URL}/nightly"));
    assert_eq!((&schedule["overlap"], &schedule["catch_up"]), (&json!("skip"), &json!("none")));
    assert_eq!(schedule["upcoming"].as_array().expect("times").len(), 5);
    assert_eq!(schedule["next_at"], schedule["upcoming"][0]);
    server.send_json(URL, &nightly).await.problem(409, "schedule_exists");

    let one = format!("{URL}/nightly");
    let hourly = json!({"path": "tests/echo", "cron": "@hourly"});
    let put = |name: &str, body: &serde_json::Value| {
        let url = server.url(&format!("{URL}/{name}"));
        Answer::of(server.client.put(url).header("content-type", "application/json").body(body.to_string()))
    };
    assert_eq!(put("nightly", &hourly).await.expect(200)["cron"], "@hourly");
    assert_eq!(put("other", &hourly).await.expect(201)["name"], "other");
    put("nightly", &json!({"name": "x", "path": "tests/echo", "cron": "@hourly"}))
        .await
        .problem(422, "schedule_invalid");

    let poke = |verb: &str| Answer::of(server.client.post(server.url(&format!("{one}/{verb}"))));
    let paused = poke("pause").await.expect(200);
    assert_eq!((&paused["paused"], &paused["next_at"]), (&json!(true), &json!(null)));
    assert_eq!(poke("resume").await.expect(200)["paused"], false);
    let started = poke("run").await.expect(201);
    let ended = server.ended(started["execution_id"].as_str().expect("an id")).await;
    assert_eq!(ended["result"]["word"], "hello");

    let gone = Answer::of(server.client.delete(server.url(&one))).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    server.read(&one).await.problem(404, "not_found");
    let list = server.read(&format!("{URL}?path=tests/echo")).await.expect(200);
    assert_eq!(list["schedules"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn a_playbooks_own_schedules_have_its_path_in_their_names() {
    let server = TestServer::start().await;
    server.register(&ECHO.replace("workflow:", "schedule: {cron: '@yearly'}\nworkflow:")).await;
    let one = format!("{URL}/tests%2Fecho%3Adefault");
    assert_eq!(server.read(&one).await.expect(200)["source"], "playbook");
    Answer::of(server.client.delete(server.url(&one))).await.problem(409, "schedule_of_playbook");
}

#[tokio::test]
async fn wrong_requests_are_told_where() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    for (body, status, code, part) in [
        (json!({"name": "a", "path": "tests/echo"}), 422, "json_shape", "`cron`"),
        (json!({"name": "a", "path": "tests/echo", "cron": "x"}), 422, "schedule_invalid", "`x`"),
        (json!({"name": "a", "path": "tests/echo", "cron": "@daily", "overlap": "both"}), 422, "json_shape", "overlap"),
        (json!({"path": "tests/echo", "cron": "@daily"}), 422, "schedule_invalid", "name"),
        (json!({"name": "..", "path": "tests/echo", "cron": "@daily"}), 422, "schedule_invalid", "beginning with"),
        (json!({"name": "a", "path": "no/such", "cron": "@daily"}), 404, "not_found", "no/such"),
    ] {
        let detail = server.send_json(URL, &body).await.problem(status, code);
        assert!(detail.contains(part), "{body}: {detail}");
    }
}
