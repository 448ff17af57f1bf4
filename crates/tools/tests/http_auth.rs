//! Credentials of `http` steps, and saves over HTTP, against a real server on loopback.

#[path = "support/server.rs"]
mod server;
mod support;

use protocol::{Task, TaskPart};
use serde_json::{Value, json};
use server::{Server, answer};
use std::sync::Arc;
use support::{error, failed_result, result, run, task};
use tools::{EgressPolicy, HttpProvider};

fn allowing(servers: &[&Server]) -> HttpProvider {
    let allow = servers.iter().map(|server| server.address.to_string().parse().expect("an entry")).collect();
    HttpProvider::new(EgressPolicy { allow, allow_private: true })
}

fn with(mut task: Task, credentials: Value) -> Task {
    for (name, value) in credentials.as_object().expect("a map") {
        task.credentials.0.insert(name.clone(), Arc::new(value.clone()));
    }
    task
}

#[tokio::test]
async fn credentials_travel_as_headers_and_come_back_nowhere() {
    let server = Server::start(|_| answer("200 OK", "", "fine")).await;
    let credentials = json!({
        "api": {"type": "bearer", "token": "tok-en-value"},
        "extra": {"type": "header", "name": "X-Extra", "value": "ex-tra-value"},
    });
    let config = json!({"url": server.url("/"), "headers": {"authorization": "Bearer of-the-step"}});
    let ran = run(&allowing(&[&server]), with(task("http", config, json!({})), credentials)).await;
    let seen = server.seen()[0].to_ascii_lowercase();
    assert!(
        seen.contains("authorization: bearer tok-en-value\r\n") && seen.contains("x-extra: ex-tra-value"),
        "{seen}"
    );
    assert!(!seen.contains("of-the-step"), "the stored credential wins");
    let told = format!("{:?} {}", ran.logs, result(&ran));
    assert!(!told.contains("tok-en-value") && !told.contains("ex-tra-value"), "{told}");
}

#[tokio::test]
async fn another_origin_gets_no_credential() {
    let other = Server::start(|_| answer("200 OK", "", "there")).await;
    let there = other.url("/there");
    let first = Server::start(move |request| match request.split(' ').nth(1) {
        Some("/same") => answer("302 Found", "location: /end\r\n", ""),
        Some("/other") => answer("307 Temporary", &format!("location: {there}\r\n"), ""),
        _ => answer("200 OK", "", "here"),
    })
    .await;
    let provider = allowing(&[&first, &other]);
    for (path, credentials) in [
        ("/same", json!({"a": {"type": "basic", "username": "u", "password": "p"}})),
        ("/other", json!({"a": {"type": "bearer", "token": "t0ken"}, "b": {"type": "api_key", "value": "k3y"}})),
    ] {
        let ran = run(&provider, with(task("http", json!({"url": first.url(path)}), json!({})), credentials)).await;
        result(&ran);
    }
    let here = first.seen().join("\n").to_ascii_lowercase();
    assert_eq!(here.matches("authorization: basic dtpw").count(), 2, "kept within the origin: {here}");
    assert_eq!(here.matches("t0ken").count(), 1, "{here}");
    let there = other.seen().join("\n").to_ascii_lowercase();
    assert!(there.starts_with("get /there"), "{there}");
    assert!(!there.contains("authorization") && !there.contains("t0ken") && !there.contains("k3y"), "{there}");
}

#[tokio::test]
async fn credentials_that_do_not_fit_are_named() {
    let server = Server::start(|_| answer("200 OK", "", "")).await;
    for (credential, part) in [
        (json!({"type": "postgres", "password": "hunter2"}), "credential `a` is of type postgres"),
        (json!({"type": "bearer", "token": "hunter2\n"}), "credential `a` has a value with characters"),
    ] {
        let config = json!({"url": server.url("/")});
        let ran = run(&allowing(&[&server]), with(task("http", config, json!({})), json!({"a": credential}))).await;
        assert_eq!(error(&ran).code, "bad_config");
        assert!(error(&ran).message.contains(part) && !error(&ran).message.contains("hunter2"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_save_sends_its_data() {
    let server = Server::start(|request| match request.split(' ').nth(1) {
        Some("/wrong") => answer("422 No", "", "not like this"),
        _ => answer("201 Created", "content-type: application/json\r\n", "{\"id\": 7}"),
    })
    .await;
    let provider = allowing(&[&server]);
    for (config, data, expect) in [
        (json!({"save": {"endpoint": server.url("/a")}}), json!({"x": 1}), "POST /a"),
        (json!({"save": {}, "url": server.url("/b"), "method": "put"}), json!([{"x": 1}, {"x": 2}]), "PUT /b"),
        (json!({"url": server.url("/c"), "data": {"raw": true}}), json!({"x": 1}), "POST /c"),
    ] {
        let mut task = task("http", config, data.clone());
        task.key.part = TaskPart::Save;
        let ran = run(&provider, task).await;
        assert_eq!(result(&ran)["data"], json!({"id": 7}));
        let seen = server.seen().pop().expect("a request");
        assert!(seen.starts_with(expect) && seen.ends_with(&format!("\r\n\r\n{data}")), "{seen}");
        assert!(seen.to_ascii_lowercase().contains("content-type: application/json"), "{seen}");
    }
    let mut refused = task("http", json!({"save": {"url": server.url("/wrong")}}), json!({"x": 1}));
    refused.key.part = TaskPart::Save;
    let ran = run(&provider, refused).await;
    assert_eq!(error(&ran).code, "http_status");
    assert_eq!(failed_result(&ran).expect("kept")["data"], "not like this");
}
