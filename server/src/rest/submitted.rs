//! The answer to whatever starts an execution.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use protocol::api::Submitted;

/// 201, or 200 when the idempotency key was used before; where the execution is.
pub(super) struct Started(pub(super) Submitted);

impl IntoResponse for Started {
    fn into_response(self) -> Response {
        let status = if self.0.created { StatusCode::CREATED } else { StatusCode::OK };
        let location = format!("/api/v1/executions/{}", self.0.execution_id);
        (status, AppendHeaders([(header::LOCATION, location)]), Json(self.0)).into_response()
    }
}
