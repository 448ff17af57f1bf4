//! A problem as an HTTP answer.
//!
//! Which error belongs where: what a use case refuses comes from `runtime` as a [`Problem`] and passes through
//! unchanged. What is wrong with the HTTP request itself (route, method, media type, syntax, parameters) is made
//! in `rest/extract`; what is refused before a route is looked at, in `guard`.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::Problem;

/// What is over in a moment is worth trying again after so many seconds.
const SOON_S: u64 = 1;

#[derive(Clone, Debug)]
pub(crate) struct Refusal(pub Problem);

/// The code of a refusal, for who counts them.
#[derive(Clone, Debug)]
pub(crate) struct RefusedAs(pub(crate) String);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::warn!(code = self.0.code, detail = self.0.detail, "answered {status}");
        }
        let body = serde_json::to_vec(&self.0).expect("a problem has string keys and no failing types");
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.0.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.0.temporary {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.0.retry_after_s.unwrap_or(SOON_S)));
        }
        response.extensions_mut().insert(RefusedAs(self.0.code));
        response
    }
}
