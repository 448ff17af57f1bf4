//! A log in memory that does what the hub's port promises, for tests of the hub and of the server's socket.
#![allow(dead_code, reason = "each test binary uses a part")]

use async_trait::async_trait;
use hub::{Log, LogUnavailable, Page};
use protocol::{
    Envelope, Epoch, Event, EventId, ExecutionId, Position, Timestamp, Topic,
    event::{MemoryAction, MemoryTimeline, Progress, Severity, StepStarted, SystemAlert},
    projection,
};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use uuid::Uuid;

/// Durable events with gap-free positions from 1.
pub struct MemoryLog {
    epoch: Epoch,
    durable: Mutex<Vec<Envelope>>,
    /// Reads that will fail before one succeeds.
    failures: AtomicU64,
    /// Seed of the pauses before each page; 0: none.
    pauses: AtomicU64,
    pages: AtomicU64,
}

impl MemoryLog {
    pub fn new(epoch: &str) -> Arc<Self> {
        Arc::new(Self {
            epoch: Epoch(epoch.to_owned()),
            durable: Mutex::new(Vec::new()),
            failures: AtomicU64::new(0),
            pauses: AtomicU64::new(0),
            pages: AtomicU64::new(0),
        })
    }

    /// Commits an event: what is returned is what the publisher hands to the hub.
    pub fn commit(&self, event: impl Into<Event>) -> Vec<Arc<Envelope>> {
        let mut durable = self.durable.lock().unwrap();
        let position = durable.len() as u64 + 1;
        let envelope = Envelope {
            id: EventId(Uuid::from_u128(u128::from(position) << 64)),
            position: Some(Position(position)),
            time: Timestamp(1_700_000_000_000 + position as i64),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event: event.into(),
        };
        durable.push(envelope.clone());
        with_projections(&envelope).into_iter().map(Arc::new).collect()
    }

    pub fn len(&self) -> u64 {
        self.durable.lock().unwrap().len() as u64
    }

    /// Positions of a topic after one, up to another.
    pub fn positions(&self, topic: &Topic, after: u64, until: u64) -> Vec<u64> {
        let durable = self.durable.lock().unwrap();
        let of_topic = |envelope: &Envelope| seen_under(envelope, topic).is_some();
        let positions = durable.iter().filter(|envelope| of_topic(envelope)).filter_map(|envelope| envelope.position);
        positions.map(|position| position.0).filter(|position| *position > after && *position <= until).collect()
    }

    pub fn fail_next(&self, reads: u64) {
        self.failures.store(reads, Ordering::Relaxed);
    }

    pub fn pause_before_pages(&self, seed: u64) {
        self.pauses.store(seed, Ordering::Relaxed);
    }

    pub fn pages_read(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    fn fails(&self) -> Result<(), LogUnavailable> {
        let failed =
            self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        if failed { Err(LogUnavailable("as the test wants".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl Log for MemoryLog {
    fn epoch(&self) -> Epoch {
        self.epoch.clone()
    }

    async fn head(&self) -> Result<Position, LogUnavailable> {
        self.fails()?;
        Ok(Position(self.len()))
    }

    async fn page(&self, topic: &Topic, after: Position, limit: u32) -> Result<Page, LogUnavailable> {
        let seed = self.pauses.load(Ordering::Relaxed);
        if seed > 0 {
            let number = self.pages.load(Ordering::Relaxed);
            let pause = Random::new(seed ^ number).below(8);
            if pause > 4 {
                tokio::time::sleep(std::time::Duration::from_millis(pause)).await;
            }
            for _ in 0..pause {
                tokio::task::yield_now().await;
            }
        }
        self.pages.fetch_add(1, Ordering::Relaxed);
        self.fails()?;
        let durable = self.durable.lock().unwrap();
        let later = durable.iter().skip(after.0 as usize);
        let events: Vec<Envelope> =
            later.filter_map(|envelope| seen_under(envelope, topic)).take(limit as usize).collect();
        let through = match events.last() {
            Some(last) if events.len() == limit as usize => last.position.unwrap(),
            _ => Position(durable.len() as u64),
        };
        Ok(Page { events, through })
    }
}

fn with_projections(envelope: &Envelope) -> Vec<Envelope> {
    let mut all = vec![envelope.clone()];
    all.extend(projection::workflow_execution(envelope));
    all
}

/// The durable event or its projection, whichever the topic shows.
fn seen_under(envelope: &Envelope, topic: &Topic) -> Option<Envelope> {
    with_projections(envelope).into_iter().find(|seen| Topic::of(seen).contains(topic))
}

/// Seen under `execution:N` and `events`; its projection under `workflow_executions` and `workflow:PATH`.
pub fn step(execution: u64, path: &str) -> StepStarted {
    StepStarted {
        execution_id: execution_id(execution),
        path: path.to_owned(),
        step: "fetch".to_owned(),
        visit: 1,
        protocol: "noop".to_owned(),
        input: Arc::new(serde_json::Value::Null),
        progress: Progress { completed: 0, known: 1 },
    }
}

pub fn execution_id(number: u64) -> ExecutionId {
    ExecutionId(Uuid::from_u128(u128::from(number) + 1))
}

/// Seen under `system_alerts` and `events`.
pub fn alert(message: &str) -> SystemAlert {
    SystemAlert {
        severity: Severity::Info,
        component: "test".to_owned(),
        message: message.to_owned(),
        details: None,
        timestamp: Timestamp(0),
    }
}

/// Seen under `memory_timeline`, `agent:ID` and `events`.
pub fn memory(agent: &str) -> MemoryTimeline {
    MemoryTimeline {
        memory_id: "m".to_owned(),
        action: MemoryAction::Created,
        content: None,
        importance: 0.5,
        tags: Vec::new(),
        agent_id: Some(agent.to_owned()),
        timestamp: Timestamp(0),
    }
}

/// Reproducible choices (SplitMix64, Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end.max(1)
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}
