//! Headers every answer carries.

use crate::support::TestServer;

#[tokio::test]
async fn every_answer_is_guarded() {
    let server = TestServer::start().await;
    for path in ["/", "/api/v1/health", "/api/v1/nothing", "/healthz", "/no/such/page"] {
        let answer = server.read(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{path}: {policy}");
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
}
