//! `/hooks/{name}`

use crate::support::{Answer, TestServer};
use serde_json::json;

/// `secret`: a line of `webhook`.
fn hooked(path: &str, secret: &str) -> String {
    format!(
        "apiVersion: signalbox/v1
kind: Playbook
metadata: {{name: hooked, path: {path}}}
webhook:
  name: orders
{secret}
  input: {{id: '{{{{ body.id }}}}', by: '{{{{ headers[\"user-agent\"] | default(\"nobody\") }}}}', q: '{{{{ query.q }}}}'}}
workflow:
  - {{step: start, type: noop, next: end}}
  - {{step: end, result: {{id: '{{{{ workload.id }}}}', q: '{{{{ workload.q }}}}'}}}}
"
    )
}

#[tokio::test]
async fn a_request_of_this_machine_starts_the_playbook_once_per_delivery() {
    let server = TestServer::start().await;
    server.register(&hooked("tests/hooked", "")).await;
    let call = |delivery: &str, id: u32| {
        let body = json!({"id": id}).to_string();
        let request = server.post("/hooks/orders?q=x", "application/json", body);
        Answer::of(request.header("x-delivery-id", delivery))
    };
    let first = call("a", 7).await.expect(201);
    let ended = server.ended(first["execution_id"].as_str().expect("an id")).await;
    assert_eq!(ended["result"], json!({"id": 7, "q": "x"}));
    assert_eq!(ended["lineage"]["trigger"], "webhook:orders");
    assert_eq!(call("a", 8).await.expect(200)["execution_id"], first["execution_id"]);
    assert_ne!(call("b", 7).await.expect(201)["execution_id"], first["execution_id"]);

    let form = server.post("/hooks/orders?q=y", "application/x-www-form-urlencoded", "id=abc");
    let ended = Answer::of(form).await.expect(201);
    let ended = server.ended(ended["execution_id"].as_str().expect("an id")).await;
    assert_eq!(ended["result"], json!({"id": "abc", "q": "y"}));
}

#[tokio::test]
async fn without_a_secret_no_page_no_proxy_and_no_other_name_gets_in() {
    let server = TestServer::start().await;
    server.register(&hooked("tests/hooked", "")).await;
    for (header, value) in [
        ("origin", "http://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("forwarded", "for=192.0.2.1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("via", "1.1 proxy"),
    ] {
        let request = server.post("/hooks/orders?q=1", "application/json", "{\"id\": 1}").header(header, value);
        Answer::of(request).await.problem(403, "webhook_unsigned");
    }
    let request = server.post("/hooks/orders?q=1", "application/json", "{\"id\": 1}").header("host", "evil.example");
    Answer::of(request).await.problem(403, "host_not_allowed");
}

#[tokio::test]
async fn with_a_secret_only_what_is_signed_gets_in() {
    let server = TestServer::start().await;
    server.register(&hooked("tests/hooked", "  secret: orders_hook")).await;
    let body = "what do ya want for nothing?";
    let mac = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let signed = |mac: &str| server.post("/hooks/orders", "text/plain", body).header("x-hub-signature-256", mac);
    Answer::of(signed(mac)).await.problem(503, "webhook_secret");
    let credential = json!({"type": "generic", "value": {"secret": "Jefe"}});
    let url = server.url("/api/v1/credentials/orders_hook");
    let put = server.client.put(url).header("content-type", "application/json").body(credential.to_string());
    let put = Answer::of(put).await;
    assert!(put.status < 300, "{}", put.text());

    Answer::of(signed(&mac.replace("5bdc", "5bdd"))).await.problem(401, "signature_invalid");
    Answer::of(server.post("/hooks/orders", "text/plain", body)).await.problem(401, "signature_invalid");
    // Signed, from anywhere: then it is the body that is looked at.
    let from_afar = signed(mac).header("origin", "http://shop.example");
    Answer::of(from_afar).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn names_are_found_and_belong_to_one_playbook() {
    let server = TestServer::start().await;
    Answer::of(server.post("/hooks/orders", "application/json", "{}")).await.problem(404, "not_found");
    server.register(&hooked("tests/hooked", "")).await;
    let other = server.send_yaml("/api/v1/playbooks", &hooked("tests/other", "")).await;
    let detail = other.problem(409, "webhook_taken");
    assert!(detail.contains("tests/hooked"), "{detail}");
    // A version without it lets the name go.
    let without = hooked("tests/hooked", "").replace("  name: orders", "  name: other");
    server.register(&without).await;
    server.register(&hooked("tests/other", "")).await;
    let started = Answer::of(server.post("/hooks/orders?q=1", "application/json", "{\"id\": 1}")).await.expect(201);
    let ended = server.ended(started["execution_id"].as_str().expect("an id")).await;
    assert_eq!(ended["path"], "tests/other");
    Answer::of(server.post("/hooks/orders", "application/json", "[")).await.problem(400, "json_syntax");
    assert_eq!(server.read("/hooks/orders").await.status, 405);
}
