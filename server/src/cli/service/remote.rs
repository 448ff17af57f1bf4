//! The use cases through a server's REST.

use super::Service;
use async_trait::async_trait;
use protocol::{
    ExecutionId, Position, Problem,
    api::{
        DiffQuery, EventPage, EventQuery, ExecutionDetail, ExecutionPage, ExecutionQuery, PlaybookDiff, Registered,
        SubmitRequest, Submitted, WorkerList,
    },
};
use reqwest::{
    Client, RequestBuilder, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;

const CONNECT: Duration = Duration::from_secs(5);
/// As long as the server itself allows an answer to take, and a little more.
const ANSWER: Duration = Duration::from_secs(70);
/// Between two looks for more events.
const POLL: Duration = Duration::from_millis(100);
const PAGE: u32 = 500;

pub(super) struct Remote {
    client: Client,
    /// Without a slash at its end.
    server: String,
}

impl Remote {
    /// `token`: what proves who asks.
    ///
    /// # Errors
    /// When the URL or the token is none.
    pub(super) fn new(server: &str, token: Option<String>) -> Result<Self, Problem> {
        let server = server.trim_end_matches('/').to_owned();
        let is_http = reqwest::Url::parse(&server).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_http {
            let detail = format!("`{server}` is no server; expected a URL such as http://127.0.0.1:9999");
            return Err(Problem::bad_request("bad_server", detail));
        }
        // Fails when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            let mut value = value.map_err(|_| Problem::bad_request("bad_token", "SIGNALBOX_TOKEN is no token"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .default_headers(headers)
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Problem::internal(format!("no HTTP client: {error}")))?;
        Ok(Self { client, server })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.server)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.ask(self.client.get(self.url(path))).await
    }

    /// A page of a list.
    pub(super) async fn find<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T, Problem> {
        let query = serde_urlencoded::to_string(query)
            .map_err(|error| Problem::internal(format!("the query cannot be written: {error}")))?;
        self.get(&format!("{path}?{query}")).await
    }

    /// Posts JSON.
    pub(super) async fn send<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        let body = serde_json::to_string(body).expect("request bodies have string keys and no failing types");
        self.post(path, "application/json", body).await
    }

    /// Posts nothing.
    pub(super) async fn poke<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        self.ask(self.client.post(self.url(path))).await
    }

    /// Puts JSON.
    pub(super) async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        self.ask(self.client.put(self.url(path)).json(body)).await
    }

    /// Deletes; the answer has no body.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Problem> {
        self.tell(self.client.delete(self.url(path))).await
    }

    /// Puts JSON; the answer has no body.
    pub(super) async fn put_only(&self, path: &str, body: &impl Serialize) -> Result<(), Problem> {
        self.tell(self.client.put(self.url(path)).json(body)).await
    }

    async fn tell(&self, request: RequestBuilder) -> Result<(), Problem> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() { Ok(()) } else { Err(self.refused(response).await) }
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, content_type: &str, body: String) -> Result<T, Problem> {
        self.ask(self.client.post(self.url(path)).header(CONTENT_TYPE, content_type).body(body)).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Problem> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        response.json().await.map_err(|error| self.unreachable(&error))
    }

    /// The server's own problem; or one about whoever answered without one.
    async fn refused(&self, response: Response) -> Problem {
        let status = response.status();
        let stranger = || {
            let detail = format!("{} answered {status} and is probably no signalbox server", self.server);
            Problem::new(502, "not_a_server", "Not a server", detail)
        };
        response.json().await.unwrap_or_else(|_| stranger())
    }

    fn unreachable(&self, error: &reqwest::Error) -> Problem {
        let cause = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
            .last()
            .map_or_else(String::new, ToString::to_string);
        let detail = format!("no answer from {}: {cause}", self.server);
        Problem::new(503, "unreachable", "Unreachable", detail).temporary()
    }
}

#[async_trait]
impl Service for Remote {
    async fn register(&self, source: &str) -> Result<Registered, Problem> {
        self.post("playbooks", "application/yaml", source.to_owned()).await
    }

    async fn playbook_diff(&self, path: &str, query: DiffQuery) -> Result<PlaybookDiff, Problem> {
        let path = path.split('/').map(super::segment).collect::<Vec<_>>().join("/");
        self.find(&format!("playbook-diff/{path}"), &query).await
    }

    async fn submit(&self, request: SubmitRequest) -> Result<Submitted, Problem> {
        self.send("executions", &request).await
    }

    async fn execution(&self, id: ExecutionId) -> Result<ExecutionDetail, Problem> {
        self.get(&format!("executions/{id}")).await
    }

    async fn executions(&self, query: ExecutionQuery) -> Result<ExecutionPage, Problem> {
        self.find("executions", &query).await
    }

    async fn events(&self, id: ExecutionId, after: Position) -> Result<EventPage, Problem> {
        self.get(&format!("executions/{id}/events?after={after}&limit={PAGE}")).await
    }

    async fn log(&self, query: EventQuery) -> Result<EventPage, Problem> {
        self.find("events", &query).await
    }

    async fn workers(&self) -> Result<WorkerList, Problem> {
        self.get("workers").await
    }

    async fn news(&self) {
        tokio::time::sleep(POLL).await;
    }

    async fn close(self: Box<Self>) {}
}
