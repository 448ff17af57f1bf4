//! `/api/v1/playbook-diff/{path}`

use crate::support::{ECHO, TestServer, echo_at};

#[tokio::test]
async fn the_newest_version_against_the_one_before_unless_told() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let alone = server.read("/api/v1/playbook-diff/tests/echo").await.expect(200);
    assert_eq!((&alone["from"], &alone["to"], &alone["hunks"]), (&1.into(), &1.into(), &serde_json::json!([])));

    server.register(&echo_at("tests/echo", "second")).await;
    let diff = server.read("/api/v1/playbook-diff/tests/echo").await.expect(200);
    assert_eq!((&diff["from"], &diff["to"]), (&1.into(), &2.into()));
    let lines: Vec<_> = diff["hunks"][0]["lines"].as_array().expect("lines").iter().collect();
    assert!(lines.iter().any(|line| line["kind"] == "added" && line["text"].as_str().unwrap().contains("second")));
    assert_eq!(lines.iter().filter(|line| line["kind"] == "added").count(), diff["added"].as_u64().unwrap() as usize);

    let back = server.read("/api/v1/playbook-diff/tests/echo?from=2&to=1").await.expect(200);
    assert_eq!((&back["added"], &back["removed"]), (&diff["removed"], &diff["added"]));
    server.read("/api/v1/playbook-diff/tests/echo?from=7").await.problem(404, "not_found");
    server.read("/api/v1/playbook-diff/no/such").await.problem(404, "not_found");
}
