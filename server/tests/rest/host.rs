//! No DNS rebinding: requests must name this server.

use crate::support::{Answer, ECHO, TestServer};

#[tokio::test]
async fn foreign_host_names_get_nothing() {
    let server = TestServer::start().await;
    let port = server.address.port();
    for host in ["evil.test".to_owned(), format!("evil.test:{port}"), "localhost:1".to_owned(), "localhost".to_owned()]
    {
        for path in ["/", "/healthz", "/api/v1/playbooks", "/api/ws", "/pkg/signalbox.js"] {
            Answer::of(server.get(path).header("host", &host)).await.problem(403, "host_not_allowed");
        }
        let write = server.post("/api/v1/playbooks", "application/yaml", ECHO).header("host", &host);
        Answer::of(write).await.problem(403, "host_not_allowed");
    }
    server.read("/api/v1/playbooks/tests/echo").await.problem(404, "not_found");
}

#[tokio::test]
async fn every_name_of_loopback_is_answered() {
    let server = TestServer::start().await;
    let port = server.address.port();
    for host in ["127.0.0.1", "localhost", "LocalHost", "[::1]"] {
        let answer = Answer::of(server.get("/healthz").header("host", format!("{host}:{port}"))).await;
        assert_eq!(answer.status, 200, "{host}");
    }
}
