//! Stopping and starting again on the same folder.

use crate::support::{BLOCKING, ECHO, TestServer};
use serde_json::json;

#[tokio::test]
async fn what_was_there_is_there_again_and_what_ran_goes_on() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    server.register(BLOCKING).await;
    let ended = server.submit("tests/echo", json!({"word": "kept"})).await;
    let before = server.ended(&ended).await;
    let running = server.submit("tests/blocking", json!({})).await;
    server.execution_when(&running, |execution| execution["status"] == "in_progress").await;

    let folder = server.stop().await;
    let server = TestServer::start_in(folder).await;
    assert_eq!(server.ended(&ended).await, before);
    let still = server.read(&format!("/api/v1/executions/{running}")).await.expect(200);
    assert_eq!(still["status"], "in_progress");
    server.send_json(&format!("/api/v1/executions/{running}/cancel"), &json!({})).await.expect(200);
    assert_eq!(server.ended(&running).await["outcome"], "cancelled");
}
