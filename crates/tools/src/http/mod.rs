//! `http`: one request, redirects followed, its response as the result.
//!
//! Fields: `method` (GET), `endpoint` or `url`, `headers`, `params`, `payload` or `data`, `timeout` (seconds).
//! As in v1, `data` may hold `query` and `body`; otherwise it is the query of GET, HEAD and DELETE and the body
//! of the others. A body is sent as JSON, or as a form when the content type says so, or as it is when it is text.
//!
//! `auth` names a stored credential: `bearer` {token}, `basic` {username, password}, `header` {name, value} or
//! `api_key` {header, value}; it becomes a header, which a redirect to another origin loses.
//!
//! A save task sends its data to `endpoint`, with POST unless told.
//!
//! Result: `{status, status_code, url, elapsed, headers, data}`; `elapsed` in seconds, `headers` in lower case,
//! `data` the body as JSON when it is JSON and as text otherwise. A status of 400 or more fails the step with
//! the same map as its result.
//!
//! Absences: no proxy, no cookies, no credentials from the environment; no connection is made to an address
//! the egress guard has not checked.

mod auth;
mod client;
mod request;
mod response;

use crate::{
    EgressPolicy,
    within::{time_of, within},
};
use async_trait::async_trait;
use client::Tls;
use protocol::{Task, TaskError};
use request::Request;
use worker::{Cancelled, Provider, Run};

/// Requests at once. Each is a socket and up to two bodies in memory; a playbook that wants more waits its turn.
const CONCURRENCY: usize = 64;

pub struct HttpProvider {
    egress: EgressPolicy,
    tls: Tls,
}

impl HttpProvider {
    pub fn new(egress: EgressPolicy) -> Self {
        Self { egress, tls: Tls::default() }
    }

    async fn attempt(&self, task: &Task, cancelled: &mut Cancelled) -> Result<Run, TaskError> {
        let request = Request::of(task)?;
        let time = request.time.map_or(time_of(task), |own| own.min(time_of(task)));
        let what = request.what();
        match within(time, cancelled, client::send(request, &self.egress, &self.tls)).await {
            Ok(answered) => answered.map(response::Answer::into_run),
            Err(stopped) => Err(stopped.error(&what)),
        }
    }
}

#[async_trait]
impl Provider for HttpProvider {
    fn protocols(&self) -> &[&'static str] {
        &["http"]
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }

    async fn run(&self, task: Task, mut cancelled: Cancelled) -> Run {
        self.attempt(&task, &mut cancelled).await.unwrap_or_else(Run::failed)
    }
}
