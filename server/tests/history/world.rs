//! The servers as clients and publishers know them: where they are, how much happened, and in the end what is true.

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
pub(crate) const TOPICS: [&str; 11] = [
    "events",
    "memory_timeline",
    "system_alerts",
    "agent_states",
    "workflow_executions",
    "agent:a",
    "agent:b",
    "workflow:w",
    "agent:*",
    "workflow:*",
    "execution:*",
];

/// By topic, the positions of its events.
pub(crate) type Truth = BTreeMap<String, Vec<u64>>;

/// A server: where it is, or was last.
#[derive(Clone)]
struct Place {
    url: String,
    is_up: bool,
}

#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    places: watch::Sender<Vec<Place>>,
    /// Batches asked for so far.
    batches: watch::Sender<u64>,
    /// What is true, once nothing more is published and the servers stay.
    truth: watch::Sender<Option<Truth>>,
    http: reqwest::Client,
    kept: AtomicU64,
}

impl World {
    /// Of servers that share a store, and stand.
    pub(crate) fn new(urls: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let places = urls.iter().map(|url| Place { url: (*url).to_owned(), is_up: true }).collect();
        Self(Arc::new(Inner {
            places: watch::Sender::new(places),
            batches: watch::Sender::new(0),
            truth: watch::Sender::new(None),
            http,
            kept: AtomicU64::new(0),
        }))
    }

    pub(crate) fn down(&self, server: usize) {
        self.0.places.send_modify(|places| places[server].is_up = false);
    }

    pub(crate) fn up(&self, server: usize, url: &str) {
        self.0.places.send_modify(|places| places[server] = Place { url: url.to_owned(), is_up: true });
    }

    pub(crate) fn over(&self, truth: Truth) {
        self.0.truth.send_replace(Some(truth));
    }

    /// What is true, once it is over.
    pub(crate) fn truth(&self) -> Option<Truth> {
        self.0.truth.borrow().clone()
    }

    /// Resolves with the URL of a server that stands; which of several, `number` says.
    pub(crate) async fn standing(&self, number: u64) -> String {
        let mut places = self.0.places.subscribe();
        let places = places.wait_for(|places| places.iter().any(|place| place.is_up)).await.unwrap();
        let standing: Vec<&Place> = places.iter().filter(|place| place.is_up).collect();
        standing[number as usize % standing.len()].url.clone()
    }

    /// Resolves when so many batches more were published, or all is over.
    pub(crate) async fn later(&self, batches: u64) {
        let mut published = self.0.batches.subscribe();
        let until = *published.borrow() + batches;
        let mut truth = self.0.truth.subscribe();
        tokio::select! {
            _ = published.wait_for(|published| *published >= until) => {}
            _ = truth.wait_for(Option::is_some) => {}
        }
    }

    /// At the server that `number` says. It may be gone before it answers, or be just going.
    pub(crate) async fn publish(&self, number: u64, messages: &Value) {
        let url = {
            let places = self.0.places.borrow();
            places[number as usize % places.len()].url.clone()
        };
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
        let url = self.standing(0).await;
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
