//! `/api/v1/playbook-versions/{path}`

use crate::support::{ECHO, TestServer, echo_at};

#[tokio::test]
async fn newest_first() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    server.register(&echo_at("tests/echo", "second")).await;
    let versions = server.read("/api/v1/playbook-versions/tests/echo").await.expect(200);
    let numbers: Vec<_> = versions.as_array().expect("a list").iter().map(|row| row["version"].as_u64()).collect();
    assert_eq!(numbers, [Some(2), Some(1)]);
    assert_ne!(versions[0]["content_hash"], versions[1]["content_hash"]);
    server.read("/api/v1/playbook-versions/no/such").await.problem(404, "not_found");
}
