//! Pages: rendered by the server, with a policy that names their scripts' nonce.

use crate::support::TestServer;

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
