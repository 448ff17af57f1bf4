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
