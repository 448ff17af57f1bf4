//! A log in memory that does what the hub's port promises, for tests of the hub and of the server's socket.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use async_trait::async_trait;
use hub::{Log, LogUnavailable, Page};
use protocol::{
    Envelope, Epoch, Event, EventId, ExecutionId, Position, Timestamp, Topic,
    event::{MemoryAction, MemoryTimeline, Progress, Severity, StepStarted, SystemAlert},
    projection,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use uuid::Uuid;

/// Durable events with gap-free positions from 1.
pub struct MemoryLog {
    epoch: Epoch,
    events: Mutex<Events>,
    /// Reads that will fail before one succeeds.
    failures: AtomicU64,
    /// Seed of the pauses before each page; 0: none.
    pauses: AtomicU64,
    pages: AtomicU64,
    /// Everything up to here has been removed.
    removed: AtomicU64,
}

#[derive(Default)]
struct Events {
    /// By position: the durable event and its projections.
    all: Vec<Vec<Envelope>>,
    positions: HashMap<Topic, Vec<u64>>,
}

impl Events {
    /// Positions of a topic above one.
    fn after(&self, topic: &Topic, after: u64) -> &[u64] {
        let positions = self.positions.get(topic).map_or(&[][..], Vec::as_slice);
        &positions[positions.partition_point(|position| *position <= after)..]
    }

    /// The durable event or its projection, whichever the topic shows.
    fn seen(&self, topic: &Topic, position: u64) -> &Envelope {
        let seen = self.all[position as usize - 1].iter().find(|seen| Topic::of(seen).contains(topic));
        seen.expect("the index lists what the topic shows")
    }
}

impl MemoryLog {
    pub fn new(epoch: &str) -> Arc<Self> {
        Arc::new(Self {
            epoch: Epoch(epoch.to_owned()),
            events: Mutex::new(Events::default()),
            failures: AtomicU64::new(0),
            pauses: AtomicU64::new(0),
            pages: AtomicU64::new(0),
            removed: AtomicU64::new(0),
        })
    }

    /// Commits an event: what is returned is what the publisher hands to the hub.
    pub fn commit(&self, event: impl Into<Event>) -> Vec<Arc<Envelope>> {
        let mut events = self.events.lock().unwrap();
        let position = events.all.len() as u64 + 1;
        let envelope = Envelope {
            id: EventId(Uuid::from_u128(u128::from(position) << 64)),
            position: Some(Position(position)),
            time: Timestamp(1_700_000_000_000 + position as i64),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event: event.into(),
        };
        let projection = projection::workflow_execution(&envelope);
        let seen: Vec<Envelope> = std::iter::once(envelope).chain(projection).collect();
        for topic in seen.iter().flat_map(Topic::of) {
            events.positions.entry(topic).or_default().push(position);
        }
        let published = Arc::new(seen[0].clone());
        events.all.push(seen);
        vec![published]
    }

    pub fn len(&self) -> u64 {
        self.events.lock().unwrap().all.len() as u64
    }

    /// Positions of a topic after one, up to another.
    pub fn positions(&self, topic: &Topic, after: u64, until: u64) -> Vec<u64> {
        let events = self.events.lock().unwrap();
        events.after(topic, after).iter().copied().take_while(|position| *position <= until).collect()
    }

    /// Removes everything up to a position.
    pub fn remove_through(&self, position: u64) {
        self.removed.store(position, Ordering::Relaxed);
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
        let log = self.events.lock().unwrap();
        let removed = self.removed.load(Ordering::Relaxed);
        let positions = log.after(topic, after.0.max(removed));
        // A log may give less than it was asked for: it does here, in the histories with pauses.
        let limit = if seed % 2 == 1 { limit.div_ceil(3) } else { limit };
        let page = &positions[..positions.len().min(limit as usize)];
        let through = if page.len() < positions.len() { page[page.len() - 1] } else { log.all.len() as u64 };
        let events = page.iter().map(|position| log.seen(topic, *position).clone()).collect();
        let complete_after = Position(removed);
        Ok(Page { at_head: page.len() == positions.len(), events, through: Position(through), complete_after })
    }
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
        saves: false,
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
