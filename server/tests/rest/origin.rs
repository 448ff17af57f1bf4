//! A page of another origin can neither register, nor run, nor cancel, nor open the socket.

use crate::support::{Answer, ECHO, TestServer};
use reqwest::RequestBuilder;
use serde_json::json;

/// Every way in that changes something.
fn writes(server: &TestServer) -> Vec<(&'static str, RequestBuilder)> {
    let run = json!({"path": "tests/echo"}).to_string();
    let any_id = "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/cancel";
    let upgrade = server
        .get("/api/ws")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    vec![
        ("register", server.post("/api/v1/playbooks", "application/yaml", ECHO)),
        ("register as a form does", server.post("/api/v1/playbooks", "text/plain", ECHO)),
        ("validate", server.post("/api/v1/playbooks/validate", "application/yaml", ECHO)),
        ("run", server.post("/api/v1/executions", "application/json", run)),
        ("cancel", server.post(any_id, "application/json", "{}")),
        ("a server function", server.post("/api/whatever", "application/x-www-form-urlencoded", "a=b")),
        ("a page's form", server.post("/register", "application/x-www-form-urlencoded", "source=a")),
        ("the socket", upgrade),
    ]
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let count = async || server.read("/api/v1/playbooks").await.expect(200).as_array().expect("a list").len();
    let before = count().await;
    for (name, value) in [
        ("origin", "http://evil.test"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("origin", "http://localhost:1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for (what, request) in writes(&server) {
            let detail = Answer::of(request.header(name, value)).await.problem(403, "cross_site");
            assert!(detail.contains(value), "{what}: {detail}");
        }
    }
    assert_eq!(count().await, before);
    let executions = server.read("/api/v1/executions").await.expect(200);
    assert_eq!(executions["executions"], json!([]));
    assert_eq!(server.read("/api/v1/health").await.expect(200)["websocket"]["handshakes"], 0);
}

#[tokio::test]
async fn own_pages_and_programs_are_let_through() {
    let server = TestServer::start().await;
    let own = format!("http://{}", server.address);
    let register = || server.post("/api/v1/playbooks", "application/yaml", ECHO);
    Answer::of(register()).await.expect(201);
    let from_page = register().header("origin", &own).header("sec-fetch-site", "same-origin");
    Answer::of(from_page).await.expect(200);
    Answer::of(register().header("sec-fetch-site", "none")).await.expect(200);
    let localhost = format!("http://localhost:{}", server.address.port());
    Answer::of(register().header("origin", localhost)).await.expect(200);
}

#[tokio::test]
async fn reading_is_nobodys_harm() {
    let server = TestServer::start().await;
    // Following a link from elsewhere is a read; what comes back is nothing the other page can see.
    let answer = Answer::of(server.get("/").header("sec-fetch-site", "cross-site")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}
