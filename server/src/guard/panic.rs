//! A panic in a handler is one failed request, not a dead server.

use crate::rest::Refusal;
use axum::response::{IntoResponse, Response};
use protocol::Problem;
use std::any::Any;

/// The answer. The cause was logged, once, by the panic hook that [`crate::logging`] sets.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn answer(_cause: Box<dyn Any + Send>) -> Response {
    Refusal(Problem::internal("the request ran into a defect of this program; its log has the cause")).into_response()
}

#[cfg(test)]
mod tests {
    use crate::guard::headers;
    use app::Policy;
    use axum::{Router, body::Body, extract::Request, http::StatusCode, middleware::from_fn_with_state, routing::get};
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    use tower_http::catch_panic::CatchPanicLayer;

    async fn ask(router: &Router, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_one_failed_request() {
        let boom = async || -> &'static str { panic!("on purpose") };
        // In the order of `stack`.
        let router = Router::new()
            .route("/boom", get(boom))
            .route("/fine", get(async || "fine"))
            .layer(CatchPanicLayer::custom(super::answer))
            .layer(from_fn_with_state(Policy::new(None), headers::add));

        let (status, headers, body) = ask(&router, "/boom").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(headers["content-type"], "application/problem+json");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(body.contains("\"code\":\"internal\"") && !body.contains("on purpose"), "{body}");
        assert_eq!(ask(&router, "/fine").await.0, StatusCode::OK);
    }
}
