//! How many requests are worked on at once.

use crate::rest::Refusal;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Each may hold a body of 1 MiB, so this bounds memory at half a GiB; a request beyond it is answered 503 at
/// once instead of queueing. An open WebSocket holds none.
const REQUESTS: usize = 512;

#[derive(Clone)]
pub(crate) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(REQUESTS)))
    }
}

pub(crate) async fn limit(State(slots): State<Slots>, request: Request, next: Next) -> Response {
    let Ok(_slot) = slots.0.try_acquire() else {
        let detail = format!("{REQUESTS} requests are being worked on already; try again in a moment");
        return Refusal(Problem::new(503, "overloaded", "Overloaded", detail).temporary()).into_response();
    };
    next.run(request).await
}
