//! How many requests are worked on at once.

use crate::{rest::Refusal, socketio};
use axum::{
    body::HttpBody,
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use protocol::Problem;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Each may hold a body of 1 MiB, so this bounds memory at half a GiB; a request beyond it is answered 503 at
/// once instead of queueing. An open WebSocket holds none, and a polling client that waits has no body. Nor does a
/// probe: a server that is busy is not dead.
const REQUESTS: usize = 512;

const PROBES: [&str; 2] = ["/healthz", "/readyz"];

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
    let (method, path) = (request.method(), request.uri().path());
    let is_probe = PROBES.contains(&path) && request.body().is_end_stream();
    if is_probe || (method == Method::GET && socketio::is_ours(path)) {
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
        let router = Router::new().route("/", get(handler)).route("/healthz", get(async || "ok"));
        let router = router.layer(from_fn_with_state(Slots::of(1), limit));
        let ask = || router.clone().oneshot(Request::get("/").body(Body::empty()).unwrap());

        let first = tokio::spawn(ask());
        entered.notified().await;
        let second = ask().await.unwrap();
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(second.headers()["retry-after"], "1");
        let probe = |body: Body| router.clone().oneshot(Request::get("/healthz").body(body).unwrap());
        assert_eq!(probe(Body::empty()).await.unwrap().status(), StatusCode::OK, "a probe needs no place");
        assert_eq!(probe(Body::from("x")).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE, "a body does");
        leave.notify_one();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
        leave.notify_one();
        assert_eq!(ask().await.unwrap().status(), StatusCode::OK);
    }
}
