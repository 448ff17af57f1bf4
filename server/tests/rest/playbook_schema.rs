//! `/api/v1/playbook-schema`

use crate::support::TestServer;

#[tokio::test]
async fn editors_get_the_schema_that_stands_in_the_documentation() {
    let server = TestServer::start().await;
    let answer = server.read("/api/v1/playbook-schema").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/schema+json"));
    let served: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/playbook.schema.json");
    let documented: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(served, documented);
}
