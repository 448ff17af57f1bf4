//! `/api/v1/health`, `/healthz`, `/readyz`

use crate::support::TestServer;

#[tokio::test]
async fn health_says_where_the_log_is() {
    let server = TestServer::start().await;
    let health = server.read("/api/v1/health").await.expect(200);
    assert_eq!(health["status"], "ok");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["epoch"].as_str().is_some_and(|epoch| !epoch.is_empty()), "{health}");
    assert!(health["position"].is_u64() && health["websocket"]["connections"] == 0, "{health}");
    assert_eq!(server.read("/healthz").await.text(), "ok\n");
    assert_eq!(server.read("/readyz").await.text(), "ok\n");
}
