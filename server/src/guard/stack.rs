//! The layers in their order.

use super::{
    AllowedHosts, Policy, body, concurrency, cors, deadline, headers, host, identify, origin, panic, request_log,
};
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// Puts every guard before the routes. The layer added last sees a request first.
pub(crate) fn guarded(router: Router, hosts: Arc<AllowedHosts>, policy: Policy) -> Router {
    router
        .layer(from_fn(body::read_whole))
        .layer(from_fn(deadline::limit))
        .layer(from_fn_with_state(concurrency::Slots::new(), concurrency::limit))
        .layer(from_fn(identify::identify))
        .layer(from_fn_with_state(hosts.clone(), origin::check))
        .layer(from_fn_with_state(hosts.clone(), cors::allow))
        .layer(from_fn_with_state(hosts, host::check))
        .layer(CatchPanicLayer::custom(panic::answer))
        .layer(from_fn_with_state(policy, headers::add))
        .layer(from_fn(request_log::log))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, extract::Request, http::StatusCode, routing::get};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    async fn ask(router: &Router, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).header("host", "127.0.0.1:9999").body(Body::empty()).unwrap();
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_one_failed_request() {
        let boom = async || -> &'static str { panic!("on purpose") };
        let routes = Router::new().route("/boom", get(boom)).route("/fine", get(async || "fine"));
        let hosts = AllowedHosts::new(std::net::SocketAddr::from(([127, 0, 0, 1], 9999)), &[]);
        let router = guarded(routes, Arc::new(hosts), Policy::new(None));

        let (status, headers, body) = ask(&router, "/boom").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(body.contains("\"code\":\"internal\"") && !body.contains("on purpose"), "{body}");
        assert_eq!(ask(&router, "/fine").await.0, StatusCode::OK);
    }
}
