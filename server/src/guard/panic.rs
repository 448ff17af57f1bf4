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
