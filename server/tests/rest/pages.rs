//! Pages: rendered by the server, with a policy that names their scripts' nonce.

use crate::support::{Answer, ECHO, TestServer};
use serde_json::json;

#[tokio::test]
async fn pages_carry_the_nonce_their_policy_names() {
    let server = TestServer::start().await;
    let mut nonces = Vec::new();
    for path in ["/", "/playbooks", "/executions"] {
        let page = server.read(path).await;
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
        let nonce = nonce.unwrap_or_else(|| panic!("{path}: no nonce in {policy}")).to_owned();
        let html = page.text();
        for script in html.split("<script").skip(1) {
            let tag = script.split('>').next().unwrap_or_default();
            assert!(
                tag.contains(&format!("nonce=\"{nonce}\"")) || tag.contains(" src=\"/pkg/"),
                "{path}: <script{tag}>"
            );
        }
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3, "a nonce is used once");
}

#[tokio::test]
async fn unknown_pages_are_pages_with_status_404() {
    let server = TestServer::start().await;
    for path in ["/nothing", "/deep/er/nothing"] {
        let page = server.read(path).await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
    }
}

#[tokio::test]
async fn a_pages_form_runs_a_playbook_without_any_script() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let own = format!("http://{}", server.address);
    let form = "path=tests%2Fecho&version=1&input=%7B%22word%22%3A%22typed%22%7D";
    let sent = server
        .post("/api/sf/run_playbook", "application/x-www-form-urlencoded", form)
        .header("accept", "text/html")
        .header("origin", &own)
        .header("referer", format!("{own}/playbooks/tests/echo"))
        .header("sec-fetch-site", "same-origin");
    let answer = Answer::of(sent).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let place = answer.header("location");
    let id = place.strip_prefix("/executions/").unwrap_or_else(|| panic!("sent to {place}"));
    assert_eq!(server.ended(id).await["result"]["word"], "typed");
    let page = server.read(place).await;
    assert!(page.status == 200 && page.text().contains("tests/echo"), "{}", page.status);
}

#[tokio::test]
async fn forms_of_other_origins_and_endless_forms_are_refused() {
    let server = TestServer::start().await;
    server.register(ECHO).await;
    let form = "application/x-www-form-urlencoded";
    let foreign = server.post("/api/sf/run_playbook", form, "path=tests%2Fecho&version=1&input=");
    Answer::of(foreign.header("origin", "http://evil.test")).await.problem(403, "cross_site");
    let long = server.post("/api/sf/register_playbook", form, vec![b'a'; 2 << 20]);
    Answer::of(long).await.problem(413, "body_too_large");
    assert_eq!(server.read("/api/v1/executions").await.expect(200)["executions"], json!([]));
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_ask() {
    let server = TestServer::start().await;
    for (accepts, coding) in [("gzip", "gzip"), ("br, gzip", "br"), ("identity", "")] {
        let page = Answer::of(server.get("/").header("accept-encoding", accepts)).await;
        assert_eq!((page.status, page.header("content-encoding")), (200, coding), "{accepts}");
    }
}
