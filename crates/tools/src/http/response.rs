//! What came back, as a step's result.

use super::{client::causes, request::Request};
use protocol::{
    TaskError,
    task::{Logs, TaskOutcome},
};
use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Instant};
use worker::Run;

/// A response body's size. It becomes part of an event and is kept in the log.
const BODY_BYTES: usize = 4 << 20;

/// How much of the body of a failed request an error shows.
const DETAILS_CHARS: usize = 4000;

pub(super) struct Answer {
    what: String,
    status: StatusCode,
    result: Map<String, Value>,
}

impl Answer {
    /// # Errors
    /// `response_too_large`; `http_request` when the body breaks off.
    pub(super) async fn read(request: &Request, mut response: Response, begun: Instant) -> Result<Self, TaskError> {
        let what = request.what();
        let too_large = || {
            TaskError::new(
                "response_too_large",
                format!("{what}: the response is larger than the limit of {BODY_BYTES} bytes (4 MiB): ask for less"),
            )
        };
        if response.content_length().is_some_and(|length| length > BODY_BYTES as u64) && request.method != "HEAD" {
            return Err(too_large());
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > BODY_BYTES => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => {
                    return Err(TaskError::new(
                        "http_request",
                        format!("{what}: the response broke off: {}", causes(&error)),
                    ));
                }
            }
        }
        let status = response.status();
        let mut result = Map::new();
        let word = if status.as_u16() < 400 { "success" } else { "error" };
        result.insert("status".to_owned(), json!(word));
        result.insert("status_code".to_owned(), json!(status.as_u16()));
        result.insert("url".to_owned(), json!(request.url.as_str()));
        result.insert("elapsed".to_owned(), json!(begun.elapsed().as_secs_f64()));
        result.insert("headers".to_owned(), headers(&response));
        result.insert("data".to_owned(), data(&response, body));
        Ok(Self { what, status, result })
    }

    pub(super) fn into_run(self) -> Run {
        if self.status.as_u16() < 400 {
            return Run::completed(Value::Object(self.result));
        }
        let reason = self.status.canonical_reason().unwrap_or_default();
        let message = format!("{} answered {} {reason}", self.what, self.status.as_u16());
        let mut error = TaskError::new("http_status", message.trim_end());
        let body = match &self.result["data"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        if !body.is_empty() {
            error = error.with_details(body.chars().take(DETAILS_CHARS).collect::<String>());
        }
        let result = Some(Arc::new(Value::Object(self.result)));
        Run { outcome: TaskOutcome::Failed { error, result }, logs: Logs::default() }
    }
}

/// Names in lower case; values of a repeated header joined with a comma.
fn headers(response: &Response) -> Value {
    let mut map = Map::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        match map.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => {
                map.insert(name.as_str().to_owned(), Value::String(value.into_owned()));
            }
        }
    }
    Value::Object(map)
}

/// JSON when the content type says so and it is; text otherwise, with U+FFFD for what is no UTF-8.
fn data(response: &Response, body: Vec<u8>) -> Value {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence == "text/json" || essence.ends_with("+json");
    if is_json && let Ok(value) = serde_json::from_slice(&body) {
        return value;
    }
    Value::String(
        String::from_utf8(body).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}
