//! The server as clients and publishers know it: where it is, how much happened, and in the end what is true.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// Whatever clients may subscribe to here.
pub(crate) const TOPICS: [&str; 8] = [
    "events",
    "memory_timeline",
    "system_alerts",
    "agent_states",
    "workflow_executions",
    "agent:a",
    "agent:b",
    "workflow:w",
];

/// By topic, the positions of its events.
pub(crate) type Truth = BTreeMap<String, Vec<u64>>;

#[derive(Clone)]
pub(crate) enum State {
    /// Its URL.
    Up(String),
    Down,
    /// Nothing more is published, and the server stays.
    Over(Truth),
}

#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    state: watch::Sender<State>,
    /// The URL it had last.
    url: watch::Sender<String>,
    /// Batches asked for so far.
    batches: watch::Sender<u64>,
    http: reqwest::Client,
    kept: AtomicU64,
}

impl World {
    pub(crate) fn new(url: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self(Arc::new(Inner {
            state: watch::Sender::new(State::Up(url.to_owned())),
            url: watch::Sender::new(url.to_owned()),
            batches: watch::Sender::new(0),
            http,
            kept: AtomicU64::new(0),
        }))
    }

    pub(crate) fn set(&self, state: State) {
        if let State::Up(url) = &state {
            self.0.url.send_replace(url.clone());
        }
        self.0.state.send_replace(state);
    }

    /// What is true, once it is over.
    pub(crate) fn truth(&self) -> Option<Truth> {
        match &*self.0.state.borrow() {
            State::Over(truth) => Some(truth.clone()),
            _ => None,
        }
    }

    /// Resolves with the server's URL, when it stands.
    pub(crate) async fn standing(&self) -> String {
        let mut state = self.0.state.subscribe();
        state.wait_for(|state| !matches!(state, State::Down)).await.unwrap();
        self.0.url.borrow().clone()
    }

    /// Resolves when so many batches more were published, or all is over.
    pub(crate) async fn later(&self, batches: u64) {
        let mut published = self.0.batches.subscribe();
        let until = *published.borrow() + batches;
        let mut state = self.0.state.subscribe();
        tokio::select! {
            _ = published.wait_for(|published| *published >= until) => {}
            _ = state.wait_for(|state| matches!(state, State::Over(_))) => {}
        }
    }

    /// The server may be gone before it answers, or be just going.
    pub(crate) async fn publish(&self, messages: &Value) {
        let url = self.0.url.borrow().clone();
        let answer = self.0.http.post(format!("{url}/api/v1/events")).json(messages).send().await;
        if let Ok(answer) = answer {
            let status = answer.status();
            let told = answer.text().await.unwrap_or_default();
            assert!(status == 201 || status.is_server_error(), "{status}: {told}");
            self.0.kept.fetch_add(u64::from(status == 201), Ordering::Relaxed);
        }
        self.0.batches.send_modify(|batches| *batches += 1);
    }

    pub(crate) async fn read_truth(&self) -> Truth {
        assert!(self.0.kept.load(Ordering::Relaxed) > 0, "nothing was published");
        let mut truth = Truth::new();
        for topic in TOPICS {
            truth.insert(topic.to_owned(), self.read_topic(topic).await);
        }
        truth
    }

    async fn read_topic(&self, topic: &str) -> Vec<u64> {
        let url = self.standing().await;
        let (mut positions, mut after) = (Vec::new(), 0);
        loop {
            let page = format!("{url}/api/v1/events?topic={topic}&after={after}&limit=1000");
            let page: Value = self.0.http.get(page).send().await.unwrap().json().await.unwrap();
            let events = page["events"].as_array().unwrap_or_else(|| panic!("{page}"));
            positions.extend(events.iter().filter_map(|event| event["position"].as_u64()));
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => return positions,
            }
        }
    }
}
