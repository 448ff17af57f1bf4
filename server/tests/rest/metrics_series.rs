//! `/api/v1/metrics`, `/api/v1/metrics/series`

use crate::support::TestServer;
use serde_json::json;

#[tokio::test]
async fn what_is_measured_is_listed_and_has_points() {
    let server = TestServer::start().await;
    let metric = json!({"type": "performance_metric", "metricName": "latency", "value": 3, "unit": "ms",
        "category": "network"});
    server.send_json("/api/v1/events", &json!([metric, metric])).await.expect(201);
    // What is whole is written by the server's own measuring, every 5 s; stopping writes the rest.
    let server = TestServer::start_in(server.stop().await).await;
    let page = server.read("/api/v1/metrics/series?name=latency").await.expect(200);
    assert_eq!((&page["name"], &page["resolution_ms"]), (&json!("latency"), &json!(5_000)));
    let series = &page["series"][0];
    assert_eq!(
        (&series["unit"], &series["category"], &series["agent_id"]),
        (&json!("ms"), &json!("network"), &json!(null))
    );
    let counted: u64 = series["points"].as_array().unwrap().iter().map(|point| point["count"].as_u64().unwrap()).sum();
    assert_eq!((counted, &series["points"][0]["mean"]), (2, &json!(3.0)));
    let listed = server.read("/api/v1/metrics").await.expect(200);
    assert!(listed["series"].as_array().unwrap().iter().any(|series| series["name"] == "latency"), "{listed}");
    assert_eq!(server.read("/api/v1/metrics/series?name=none").await.expect(200)["series"], json!([]));
    server.read("/api/v1/metrics/series").await.problem(400, "query_parameter");
    server.read("/api/v1/metrics/series?name=x&from=2&until=1").await.problem(400, "query_parameter");
}
