//! What answers where nothing is.

use crate::support::{Answer, TestServer};

#[tokio::test]
async fn unknown_paths_under_api_are_problems() {
    let server = TestServer::start().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/playbook", "/api/v2/playbooks", "/api/v1/executions/"]
    {
        let detail = server.read(path).await.problem(404, "unknown_route");
        assert!(detail.contains(path), "{detail}");
    }
    Answer::of(server.post("/api/v1/nothing", "application/json", "{}")).await.problem(404, "unknown_route");
    Answer::of(server.post("/nothing", "application/json", "{}")).await.problem(404, "unknown_route");
}

#[tokio::test]
async fn wrong_methods_are_problems_that_say_the_right_ones() {
    let server = TestServer::start().await;
    for (method, path, allow) in [
        ("DELETE", "/api/v1/playbooks", "POST"),
        ("PUT", "/api/v1/executions", "POST"),
        ("POST", "/api/v1/health", "GET"),
        ("GET", "/api/v1/executions/01998c4e-9c1b-7d2e-8a10-0123456789ab/cancel", "POST"),
        ("DELETE", "/", "GET"),
    ] {
        let request = server.client.request(method.parse().unwrap(), server.url(path));
        let answer = Answer::of(request).await;
        answer.problem(405, "method_not_allowed");
        assert!(answer.header("allow").contains(allow), "{method} {path}: {}", answer.header("allow"));
    }
}
