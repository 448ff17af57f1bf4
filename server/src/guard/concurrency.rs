//! How many requests are worked on at once.

use crate::{rest::Refusal, socketio};
use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Each may hold a body of 1 MiB, so this bounds memory at half a GiB; a request beyond it is answered 503 at
/// once instead of queueing. An open WebSocket holds none, and a polling client that waits has no body.
const REQUESTS: usize = 512;

#[derive(Clone)]
pub(crate) struct Slots(Arc<Semaphore>);

impl Slots {
    pub(super) fn new() -> Self {
        Self::of(REQUESTS)
    }

    fn of(requests: usize) -> Self {
        Self(Arc::new(Semaphore::new(requests)))
    }
}

pub(crate) async fn limit(State(slots): State<Slots>, request: Request, next: Next) -> Response {
    if request.method() == Method::GET && socketio::is_ours(request.uri().path()) {
        return next.run(request).await;
    }
    let Ok(_slot) = slots.0.try_acquire() else {
        let detail = format!("{REQUESTS} requests are being worked on already; try again in a moment");
        return Refusal(Problem::new(503, "overloaded", "Overloaded", detail).temporary()).into_response();
    };
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::Body, http::StatusCode, middleware::from_fn_with_state, routing::get};
    use tokio::sync::Notify;
    use tower::ServiceExt;

    #[tokio::test]
    async fn one_more_is_refused_and_the_place_is_given_back() {
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (inside, go) = (entered.clone(), leave.clone());
        let handler = async move || {
            inside.notify_one();
            go.notified().await;
        };
        let router = Router::new().route("/", get(handler)).layer(from_fn_with_state(Slots::of(1), limit));
        let ask = || router.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());

        let first = tokio::spawn(ask());
        entered.notified().await;
        let second = ask().await.unwrap();
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(second.headers()["retry-after"], "1");
        leave.notify_one();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
        leave.notify_one();
        assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
    }
}
