//! Request bodies are read here, whole, within a size and a time; handlers get them from memory.

use crate::rest::Refusal;
use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::stream;
use http_body_util::BodyExt;
use protocol::Problem;
use std::time::Duration;

/// Longest body, in bytes.
pub(crate) const LIMIT: usize = 1 << 20;
/// From the end of the headers to the end of the body.
const READ: Duration = Duration::from_secs(20);
/// A body that is too long is thrown away up to this length, so that its sender gets to read the answer; then
/// the connection is cut.
const DISCARD: usize = 64 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

pub(crate) async fn read_whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    if declared(&parts.headers).is_some_and(|length| length > LIMIT as u64) {
        // A client that waits for `100 Continue` has sent nothing and needs nothing thrown away.
        let rest = if parts.headers.contains_key(header::EXPECT) { Body::empty() } else { body };
        return too_large(rest);
    }
    match tokio::time::timeout(READ, collect(body)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(Unread::TooLarge(rest))) => too_large(rest),
        Ok(Err(Unread::Broken)) => {
            Refusal(Problem::bad_request("body_broken", "the body ended before it was complete")).into_response()
        }
        Err(_) => {
            let detail = format!("the body was not complete after {} s", READ.as_secs());
            closing(Refusal(Problem::new(408, "body_timeout", "Body too slow", detail).temporary()).into_response())
        }
    }
}

enum Unread {
    TooLarge(Body),
    Broken,
}

async fn collect(mut body: Body) -> Result<Bytes, Unread> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > LIMIT {
            return Err(Unread::TooLarge(body));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Bytes::from(whole))
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// 413. The answer goes out at once; it ends when the rest of the body was thrown away.
fn too_large(rest: Body) -> Response {
    let detail = format!("the body is longer than {LIMIT} bytes; pass large data by path or URL instead");
    let response = Refusal(Problem::new(413, "body_too_large", "Body too large", detail)).into_response();
    let (mut parts, answer) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let discard = stream::once(async move {
        let _ = tokio::time::timeout(DISCARD_TIME, discard(rest)).await;
        Ok::<_, axum::Error>(Bytes::new())
    });
    let body = Body::from_stream(futures::StreamExt::chain(answer.into_data_stream(), discard));
    closing(Response::from_parts(parts, body))
}

async fn discard(mut body: Body) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, Bytes::len);
        if seen > DISCARD {
            return;
        }
    }
}

/// The connection is of no use after this answer.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::StatusCode, middleware::from_fn, routing::post};
    use futures::StreamExt;
    use tower::ServiceExt;

    async fn answer(body: Body) -> StatusCode {
        let router = Router::new().route("/", post(async |bytes: Bytes| bytes)).layer(from_fn(read_whole));
        router.oneshot(Request::post("/").body(body).unwrap()).await.unwrap().status()
    }

    fn chunks(count: usize) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
        stream::iter((0..count).map(|_| Ok(Bytes::from_static(&[b'a'; 1 << 10]))))
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_are_read_within_size_and_time() {
        let broken = stream::once(async { Err(std::io::Error::other("gone")) });
        for (what, body, expect) in [
            ("nothing", Body::empty(), 200),
            ("the limit", Body::from_stream(chunks(1 << 10)), 200),
            ("one more", Body::from_stream(chunks(1 << 10).chain(stream::once(async { Ok("a".into()) }))), 413),
            ("no end", Body::from_stream(chunks(3).chain(stream::pending())), 408),
            ("too long and no end", Body::from_stream(chunks(2 << 10).chain(stream::pending())), 413),
            ("broken off", Body::from_stream(chunks(3).chain(broken)), 400),
        ] {
            assert_eq!(answer(body).await.as_u16(), expect, "{what}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn throwing_away_what_is_too_long_ends_too() {
        let router = Router::new().route("/", post(async || ())).layer(from_fn(read_whole));
        let endless = Body::from_stream(chunks(2 << 10).chain(stream::pending()));
        let response = router.oneshot(Request::post("/").body(endless).unwrap()).await.unwrap();
        let text = response.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&text).contains("body_too_large"));
    }
}
