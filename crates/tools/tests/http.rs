//! `http` against a real server on loopback.

#[path = "support/server.rs"]
mod server;
mod support;

use serde_json::{Value, json};
use server::{Server, answer};
use std::sync::{Arc, Mutex};
use support::{error, failed_result, result, run, task, until};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tools::{EgressPolicy, HttpProvider};
use worker::{Cancelled, Provider, Run};

fn allowing(servers: &[&Server]) -> HttpProvider {
    let allow = servers.iter().map(|server| server.address.to_string().parse().expect("an entry")).collect();
    HttpProvider::new(EgressPolicy { allow, allow_private: true })
}

async fn http(provider: &HttpProvider, config: Value) -> Run {
    run(provider, task("http", config, json!({}))).await
}

#[tokio::test]
async fn a_request_goes_out_as_asked_and_its_answer_is_the_result() {
    let server = Server::start(|_| {
        let headers = "Content-Type: application/json; charset=utf-8\r\nX-Two: a\r\nX-Two: b\r\n";
        answer("201 Created", headers, "{\"id\": 7}")
    })
    .await;
    let provider = allowing(&[&server]);
    let config = json!({
        "method": "post", "endpoint": server.url("/a"), "headers": {"X-Key": "k", "X-Number": 5},
        "params": {"q": "ä b"}, "payload": {"name": "x"},
    });
    let ran = http(&provider, config).await;
    let found = result(&ran);
    assert_eq!(found["status"], "success");
    assert_eq!(found["status_code"], 201);
    assert_eq!(found["url"], server.url("/a?q=%C3%A4+b"));
    assert_eq!(found["data"], json!({"id": 7}));
    assert_eq!(found["headers"]["x-two"], "a, b");
    assert!(found["elapsed"].as_f64().is_some_and(|seconds| seconds > 0.0 && seconds < 60.0));
    let seen = &server.seen()[0];
    assert!(seen.starts_with("POST /a?q=%C3%A4+b HTTP/1.1\r\n"), "{seen}");
    for line in ["x-key: k", "x-number: 5", "content-type: application/json", "user-agent: signalbox/"] {
        assert!(seen.to_ascii_lowercase().contains(line), "{line} in {seen}");
    }
    assert!(seen.ends_with("\r\n\r\n{\"name\":\"x\"}"), "{seen}");
}

#[tokio::test]
async fn bodies_are_json_when_they_say_so_and_text_otherwise() {
    for (content_type, body, expect) in [
        ("application/json", "[1, 2]", json!([1, 2])),
        ("application/problem+json", "{}", json!({})),
        ("APPLICATION/JSON", "null", json!(null)),
        ("application/json", "not json", json!("not json")),
        ("text/plain", "{}", json!("{}")),
        ("text/plain", "", json!("")),
    ] {
        let server = Server::start(move |_| answer("200 OK", &format!("content-type: {content_type}\r\n"), body)).await;
        let ran = http(&allowing(&[&server]), json!({"url": server.url("/")})).await;
        assert_eq!(result(&ran)["data"], expect, "{content_type} {body}");
    }
}

#[tokio::test]
async fn a_status_of_400_or_more_fails_the_step_and_keeps_the_response() {
    for (status, message) in [
        ("404 Not Found", "answered 404 Not Found"),
        ("503 Busy", "answered 503 Service Unavailable"),
        ("599 ?", "answered 599"),
    ] {
        let server =
            Server::start(move |_| answer(status, "content-type: application/json\r\n", "{\"why\": \"so\"}")).await;
        let ran = http(&allowing(&[&server]), json!({"url": server.url("/x?key=secret")})).await;
        let found = error(&ran);
        assert_eq!(found.code, "http_status");
        assert_eq!(found.message, format!("GET {} {message}", server.url("/x")), "the query stays out of errors");
        assert_eq!(found.details.as_deref(), Some("{\"why\":\"so\"}"));
        let kept = failed_result(&ran).expect("the response");
        assert_eq!((&kept["status"], &kept["data"]), (&json!("error"), &json!({"why": "so"})));
        assert!(kept["status_code"].as_u64().is_some_and(|code| code >= 400));
    }
}

#[tokio::test]
async fn loopback_is_refused_unless_allowed() {
    let server = Server::start(|_| answer("200 OK", "", "hello")).await;
    let closed = HttpProvider::new(EgressPolicy::default());
    let port = server.address.port();
    for url in [
        server.url("/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0.0.0.0:{port}/"),
    ] {
        let ran = http(&closed, json!({"url": url})).await;
        assert_eq!(error(&ran).code, "egress_refused", "{url}: {}", error(&ran).message);
    }
    let ran = http(&closed, json!({"url": "http://169.254.169.254/latest/meta-data"})).await;
    assert!(error(&ran).message.contains("link-local"), "{}", error(&ran).message);
    assert!(server.seen().is_empty(), "nobody called");
    // By name as well, and pinned: the name's other address (::1), if there is one, is not a way around.
    let allow = vec![format!("localhost:{port}").parse().expect("an entry")];
    let open = HttpProvider::new(EgressPolicy { allow, allow_private: true });
    let ran = http(&open, json!({"url": format!("http://localhost:{port}/")})).await;
    assert_eq!(result(&ran)["data"], "hello");
    assert!(server.seen()[0].to_ascii_lowercase().contains(&format!("host: localhost:{port}")));
}

#[tokio::test]
async fn redirects_are_followed_checked_and_stripped() {
    let other = Server::start(|request| answer("200 OK", "", &request.to_ascii_lowercase())).await;
    let far = other.url("/far");
    let server = Server::start(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path {
            "/near" => answer("302 Found", "location: /here\r\n", ""),
            "/keep" => answer("307 Temporary Redirect", "location: here\r\n", ""),
            "/far" => answer("308 Permanent Redirect", &format!("location: {far}\r\n"), ""),
            "/metadata" => answer("302 Found", "location: http://169.254.169.254/\r\n", ""),
            "/file" => answer("302 Found", "location: file:///etc/passwd\r\n", ""),
            "/loop" => answer("301 Moved Permanently", "location: /loop\r\n", ""),
            "/nowhere" => answer("302 Found", "", "no location"),
            _ => answer("200 OK", "", &request.to_ascii_lowercase()),
        }
    })
    .await;
    let both = allowing(&[&server, &other]);
    let post = |path: &str| json!({"method": "POST", "url": server.url(path), "payload": {"a": 1}, "headers": {"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "text/html"}});

    let ran = http(&both, post("/near")).await;
    let text = result(&ran)["data"].as_str().expect("text").to_owned();
    assert!(text.starts_with("get /here") && !text.contains("{\"a\":1}") && text.contains("bearer x"), "{text}");
    assert_eq!(result(&ran)["url"], server.url("/here"));

    let ran = http(&both, post("/keep")).await;
    let text = result(&ran)["data"].as_str().expect("text").to_owned();
    assert!(text.starts_with("post /here") && text.ends_with("{\"a\":1}"), "{text}");

    let ran = http(&both, post("/far")).await;
    let text = result(&ran)["data"].as_str().expect("text").to_owned();
    assert!(text.starts_with("post /far") && text.contains("accept: text/html"), "{text}");
    assert!(!text.contains("bearer") && !text.contains("x-api-key"), "keys stay at home: {text}");

    let only_server = allowing(&[&server]);
    for (path, code, message) in [
        ("/far", "egress_refused", "a loopback address"),
        ("/metadata", "egress_refused", "link-local"),
        ("/file", "egress_refused", "only http and https"),
        ("/loop", "http_redirect", "more than 10 redirects"),
    ] {
        let ran = http(&only_server, json!({"url": server.url(path)})).await;
        assert_eq!(error(&ran).code, code, "{path}: {}", error(&ran).message);
        assert!(error(&ran).message.contains(message), "{path}: {}", error(&ran).message);
    }
    let ran = http(&only_server, json!({"url": server.url("/nowhere")})).await;
    assert_eq!((&result(&ran)["status_code"], &result(&ran)["data"]), (&json!(302), &json!("no location")));
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    const LIMIT: usize = 4 << 20;
    let exact = Server::start(|_| answer("200 OK", "", &"x".repeat(LIMIT))).await;
    let ran = http(&allowing(&[&exact]), json!({"url": exact.url("/")})).await;
    assert_eq!(result(&ran)["data"].as_str().map(str::len), Some(LIMIT));
    // Announced, and not announced.
    let announced = Server::start(|_| answer("200 OK", "", &"x".repeat(LIMIT + 1))).await;
    let silent = Server::start(|_| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + LIMIT + 1, b'x');
        bytes
    })
    .await;
    for server in [announced, silent] {
        let ran = http(&allowing(&[&server]), json!({"url": server.url("/")})).await;
        assert_eq!(error(&ran).code, "response_too_large");
        assert!(error(&ran).message.contains("4194304 bytes (4 MiB)"), "{}", error(&ran).message);
    }
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_is_said() {
    let broken = Server::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_vec()).await;
    let garbage = Server::start(|_| b"this is no http at all\r\n\r\n".to_vec()).await;
    let hangs_up = Server::start(|_| Vec::new()).await;
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Server { address: listener.local_addr().expect("an address"), seen: Arc::default() }
    };
    for (server, message) in
        [(&broken, "broke off"), (&garbage, "invalid"), (&hangs_up, "connection"), (&nobody, "onnection refused")]
    {
        let ran = http(&allowing(&[server]), json!({"url": server.url("/")})).await;
        assert_eq!(error(&ran).code, "http_request");
        assert!(error(&ran).message.contains(message), "{}", error(&ran).message);
        assert!(error(&ran).message.starts_with(&format!("GET {}", server.url("/"))), "{}", error(&ran).message);
    }
    // TLS spoken to a server that has none.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let plain = Server { address: listener.local_addr().expect("an address"), seen: Arc::default() };
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(&answer("400 Bad Request", "", "speak plainly")).await;
        }
    });
    let ran = http(&allowing(&[&plain]), json!({"url": format!("https://{}/", plain.address)})).await;
    assert_eq!(error(&ran).code, "http_request");
    assert!(error(&ran).message.contains("InvalidContentType"), "{}", error(&ran).message);
}

/// Accepts and never answers.
async fn silence() -> (Server, Arc<Mutex<Vec<TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let held = Arc::new(Mutex::new(Vec::new()));
    let streams = held.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            streams.lock().expect("no panic").push(stream);
        }
    });
    (Server { address, seen: Arc::default() }, held)
}

#[tokio::test]
async fn timeouts_of_step_and_task_hold() {
    let (server, _held) = silence().await;
    let provider = allowing(&[&server]);
    let ran = http(&provider, json!({"url": server.url("/"), "timeout": 0.1})).await;
    assert_eq!(error(&ran).code, "timeout");
    assert!(error(&ran).message.contains("after 0.1 s"), "{}", error(&ran).message);
    let mut short = task("http", json!({"url": server.url("/"), "timeout": "1000"}), json!({}));
    short.timeout_ms = 100;
    let ran = run(&provider, short).await;
    assert_eq!(error(&ran).code, "timeout");
}

#[tokio::test]
async fn a_cancel_ends_the_request() {
    let (server, held) = silence().await;
    let provider = allowing(&[&server]);
    let (switch, cancelled) = Cancelled::pair();
    let task = task("http", json!({"url": server.url("/")}), json!({}));
    let running = tokio::spawn(async move { provider.run(task, cancelled).await });
    until("it has connected", || !held.lock().expect("no panic").is_empty()).await;
    switch.send(true).expect("it listens");
    assert_eq!(error(&running.await.expect("no panic")).code, "cancelled");
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_not_used() {
    // Set for a process of its own, which calls a server that would otherwise not be called.
    let server = Server::start(|_| answer("200 OK", "", "direct")).await;
    let proxy = Server::start(|_| answer("200 OK", "", "proxy")).await;
    let output = tokio::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "calls_the_url_it_is_given"])
        .env("CALL_URL", server.url("/"))
        .env("http_proxy", proxy.url("/"))
        .env("HTTP_PROXY", proxy.url("/"))
        .env("ALL_PROXY", proxy.url("/"))
        .output()
        .await
        .expect("another process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((server.seen().len(), proxy.seen().len()), (1, 0));
}

#[tokio::test]
#[ignore = "is run by the_proxy_of_the_environment_is_not_used"]
async fn calls_the_url_it_is_given() {
    let url = std::env::var("CALL_URL").expect("a URL");
    let allow = vec!["127.0.0.1".parse().expect("an entry")];
    let provider = HttpProvider::new(EgressPolicy { allow, allow_private: true });
    assert_eq!(result(&http(&provider, json!({"url": url})).await)["data"], "direct");
}
