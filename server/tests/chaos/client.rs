//! Who asks the servers, whichever of them stands.

use crate::PEACE;
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// A client that tries one server, then the other, until one answers.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    urls: [String; 2],
    turn: Arc<AtomicU64>,
}

impl Client {
    pub(super) fn new(urls: [String; 2]) -> Self {
        Self { http: reqwest::Client::new(), urls, turn: Arc::default() }
    }

    pub(super) fn url(&self, path: &str) -> String {
        let turn = self.turn.fetch_add(1, SeqCst);
        format!("{}/api/v1/{path}", self.urls[usize::from(turn % 2 == 1)])
    }

    /// The body of the first answer of 2xx.
    pub(super) async fn insist(
        &self,
        request: impl Fn(&reqwest::Client, &dyn Fn(&str) -> String) -> reqwest::RequestBuilder,
    ) -> Value {
        let began = Instant::now();
        loop {
            let answer = request(&self.http, &|path| self.url(path)).timeout(Duration::from_secs(10)).send().await;
            let told = match answer {
                Ok(answer) if answer.status().is_success() => match answer.json().await {
                    Ok(body) => return body,
                    Err(error) => error.to_string(),
                },
                Ok(answer) if answer.status().is_client_error() => panic!("{:?}", answer.text().await),
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(began.elapsed() < PEACE, "no server answers: {told}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// An order to an execution, until a server takes it, or says that it is too late for it.
    pub(super) async fn order(&self, id: &str, what: &str) {
        let began = Instant::now();
        loop {
            let url = self.url(&format!("executions/{id}/{what}"));
            match self.http.post(url).timeout(Duration::from_secs(10)).send().await.map(|answer| answer.status()) {
                Ok(status) if status.is_success() || status == reqwest::StatusCode::CONFLICT => return,
                Ok(status) => assert!(!status.is_client_error(), "{what} {id}: {status}"),
                Err(_) => {}
            }
            assert!(began.elapsed() < PEACE, "no server takes `{what}` of {id}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(super) async fn list(&self, path: &str, of: &str) -> Vec<Value> {
        let page = self.insist(|http, url| http.get(url(path))).await;
        page[of].as_array().cloned().unwrap_or_default()
    }
}
