//! `/api/v1/credentials`

use crate::support::{Answer, TestServer};
use reqwest::Method;
use serde_json::{Value, json};

async fn send(server: &TestServer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = server.client.request(method, server.url(path));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    Answer::of(request).await
}

#[tokio::test]
async fn credentials_are_set_listed_and_deleted_and_never_shown() {
    let server = TestServer::start().await;
    let at = |name: &str| format!("/api/v1/credentials/{name}");
    assert_eq!(server.read("/api/v1/credentials").await.expect(200), json!([]));
    let value = json!({"host": "db.test", "password": "open-sesame"});
    let body = json!({"type": "postgres", "value": value, "hint": "the test database"});
    let stored = send(&server, Method::PUT, &at("pg"), Some(body.clone())).await;
    let summary = stored.expect(201);
    assert_eq!((&summary["name"], &summary["type"]), (&json!("pg"), &json!("postgres")));
    assert_eq!((&summary["hint"], &summary["has_key"]), (&json!("the test database"), &json!(true)));
    let again = send(&server, Method::PUT, &at("pg"), Some(body)).await;
    assert_eq!(again.expect(200)["created_at"], summary["created_at"]);
    let listed = server.read("/api/v1/credentials").await;
    assert_eq!(listed.expect(200).as_array().map(Vec::len), Some(1));
    for answer in [&stored, &again, &listed] {
        assert!(!answer.text().contains("sesame") && !answer.text().contains("db.test"), "{}", answer.text());
        assert_eq!(answer.header("content-type"), "application/json");
    }
    send(&server, Method::GET, &at("pg"), None).await.problem(405, "method_not_allowed");
    let gone = send(&server, Method::DELETE, &at("pg"), None).await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    send(&server, Method::DELETE, &at("pg"), None).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_is_no_credential_is_refused_and_not_repeated() {
    let server = TestServer::start().await;
    let good = json!({"value": {"token": "open-sesame"}});
    for (name, body, status, code) in [
        ("a%2Fb", good.clone(), 422, "credential_invalid"),
        ("a", json!({"value": "open-sesame"}), 422, "credential_invalid"),
        ("a", json!({"type": "Open Sesame", "value": {"a": "open-sesame"}}), 422, "credential_invalid"),
        ("a", json!({"token": "open-sesame"}), 422, "json_shape"),
        ("a", json!({"type": "bearer"}), 422, "json_shape"),
    ] {
        let answer = send(&server, Method::PUT, &format!("/api/v1/credentials/{name}"), Some(body)).await;
        answer.problem(status, code);
        assert!(!answer.text().contains("sesame"), "{}", answer.text());
    }
    let foreign = server
        .client
        .put(server.url("/api/v1/credentials/a"))
        .header("content-type", "application/json")
        .header("origin", "http://evil.test")
        .body(good.to_string());
    Answer::of(foreign).await.problem(403, "cross_site");
    assert_eq!(server.read("/api/v1/credentials").await.expect(200), json!([]));
}

#[tokio::test]
async fn a_rotation_seals_all_with_a_new_key() {
    let server = TestServer::start().await;
    for name in ["a", "b"] {
        let body = json!({"type": "bearer", "value": {"token": "open-sesame"}});
        send(&server, Method::PUT, &format!("/api/v1/credentials/{name}"), Some(body)).await.expect(201);
    }
    let before = server.read("/api/v1/credentials").await.expect(200)[0]["key_id"].clone();
    let rotated = send(&server, Method::POST, "/api/v1/credential-rotation", None).await.expect(200);
    assert_eq!(rotated["resealed"], 2);
    assert_ne!(rotated["key_id"], before);
    for row in server.read("/api/v1/credentials").await.expect(200).as_array().expect("a list") {
        assert_eq!((&row["key_id"], &row["has_key"]), (&rotated["key_id"], &json!(true)));
    }
}
