//! Bodies that are too long, broken, or no JSON: clear errors, and the server answers afterwards.

use crate::support::{Answer, TestServer};
use futures::stream;

const LIMIT: usize = 1 << 20;
const TWENTY_MB: usize = 20_000_000;

#[tokio::test]
async fn a_20_mb_body_is_refused_and_its_sender_reads_why() {
    let server = TestServer::start().await;
    for path in ["/api/v1/playbooks", "/api/v1/executions", "/api/v1/playbooks/validate"] {
        let body = vec![b'a'; TWENTY_MB];
        let detail = Answer::of(server.post(path, "application/yaml", body)).await.problem(413, "body_too_large");
        assert!(detail.contains(&LIMIT.to_string()), "{detail}");
    }
    server.is_unharmed().await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_when_it_gets_too_long() {
    let server = TestServer::start().await;
    let chunks = (0..TWENTY_MB / 10_000).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 10_000]));
    let body = reqwest::Body::wrap_stream(stream::iter(chunks));
    Answer::of(server.post("/api/v1/playbooks", "application/yaml", body)).await.problem(413, "body_too_large");
    server.is_unharmed().await;
}

#[tokio::test]
async fn the_limit_itself_is_allowed() {
    let server = TestServer::start().await;
    let exact = Answer::of(server.post("/api/v1/executions", "application/json", vec![b' '; LIMIT])).await;
    exact.problem(400, "json_syntax");
    let over = Answer::of(server.post("/api/v1/executions", "application/json", vec![b' '; LIMIT + 1])).await;
    over.problem(413, "body_too_large");
}

#[tokio::test]
async fn deep_nesting_is_an_error_and_no_crash() {
    let server = TestServer::start().await;
    let deep = format!("{{\"path\": \"a\", \"input\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let detail =
        Answer::of(server.post("/api/v1/executions", "application/json", deep)).await.problem(400, "json_syntax");
    assert!(detail.contains("recursion"), "{detail}");
    let deep = format!("a: {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = server.send_yaml("/api/v1/playbooks", &deep).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
    server.is_unharmed().await;
}
