//! How long a request may take until its answer begins.

use crate::rest::Refusal;
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::time::Duration;

/// Far above what any route needs: reached when something hangs, not when something is slow.
const ANSWER: Duration = Duration::from_secs(60);

pub(crate) async fn limit(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = format!("no answer after {} s; the request may still take effect", ANSWER.as_secs());
            Refusal(Problem::new(503, "timeout", "Timed out", detail).temporary()).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use tower::ServiceExt;

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_answered() {
        let hanging = async || std::future::pending::<()>().await;
        let router = Router::new().route("/", get(hanging)).layer(from_fn(limit));
        let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), 503);
    }
}
