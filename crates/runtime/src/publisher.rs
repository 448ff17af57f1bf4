//! Publishing: what was committed reaches the hub, once each and in position order.
//!
//! Batches come from the store's writer. Positions tell whether one is missing (the reader was slow, or another
//! process committed): what is missing is read from the log, also when another process says that it committed.
//! Nothing is published before it is committed, since
//! nothing else publishes durable events.

use crate::{
    Environment,
    driver::{DriverHandle, Message},
    streams::Agents,
    telemetry::Telemetry,
};
use hub::Hub;
use protocol::{Envelope, ExecutionId, Position, Topic};
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{CommittedBatch, Store, StoreError};
use tokio::sync::{mpsc, watch};

/// Events read from the log at once when something is missing.
const PAGE: u32 = 512;
/// How often the log is asked for what nobody announced, which is read at the next look if it is still missing: only
/// needed when the newest batch itself was left out, or another process's word was lost.
const BACKSTOP: Duration = Duration::from_secs(1);

pub(crate) struct Publisher {
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    driver: DriverHandle,
    agents: Arc<Agents>,
    telemetry: Arc<Telemetry>,
    environment: Arc<dyn Environment>,
    /// Everything up to here has been published.
    published: watch::Sender<Position>,
}

/// What a publisher is made of.
pub(crate) struct PublisherParts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) driver: DriverHandle,
    pub(crate) agents: Arc<Agents>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) environment: Arc<dyn Environment>,
    /// What is published already.
    pub(crate) head: Position,
}

impl Publisher {
    pub(crate) fn new(parts: PublisherParts) -> Self {
        let PublisherParts { store, hub, driver, agents, telemetry, environment, head } = parts;
        Self { store, hub, driver, agents, telemetry, environment, published: watch::Sender::new(head) }
    }

    /// Tells each time that more has been published.
    pub(crate) fn published(&self) -> watch::Receiver<Position> {
        self.published.subscribe()
    }

    /// Publishes until the store closes its side.
    pub(crate) async fn run(self, mut committed: mpsc::Receiver<CommittedBatch>) {
        let mut backstop = tokio::time::interval(BACKSTOP);
        backstop.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut foreign = self.store.foreign();
        let mut announced = Some(self.hub.announced());
        let mut head = Position(0);
        loop {
            let outcome = tokio::select! {
                batch = committed.recv() => match batch {
                    Some(batch) => {
                        if let Some(last) = batch.iter().filter_map(|events| events.last()?.position).max() {
                            self.hub.announce(last);
                        }
                        self.publish_batch(batch).await
                    }
                    None => break,
                },
                head = moved(&mut foreign) => self.read_through(head).await,
                head = moved(&mut announced) => self.read_through(head).await,
                _ = backstop.tick() => self.catch_up(&mut head).await,
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "publishing waits for the log");
            }
        }
    }

    async fn publish_batch(&self, batch: CommittedBatch) -> Result<(), StoreError> {
        let mut ready = Vec::new();
        let mut last = *self.published.borrow();
        for event in batch.iter().flat_map(|commit| commit.iter()) {
            let Some(position) = event.position else { continue };
            if position.0 > last.0 + 1 {
                self.hand_over(std::mem::take(&mut ready), last).await;
                self.read_through(Position(position.0 - 1)).await?;
                last = *self.published.borrow();
            }
            if position.0 == last.0 + 1 {
                ready.push(event.clone());
                last = position;
            }
        }
        self.hand_over(ready, last).await;
        Ok(())
    }

    /// Reads what was there at the look before, `head`, and has not come since. Newer events are on their way.
    async fn catch_up(&self, head: &mut Position) -> Result<(), StoreError> {
        let before = std::mem::replace(head, self.store.head().await?);
        self.read_through(before).await
    }

    async fn read_through(&self, to: Position) -> Result<(), StoreError> {
        loop {
            let after = *self.published.borrow();
            if after >= to {
                return Ok(());
            }
            let page = self.store.log(&Topic::Events, after, PAGE).await?;
            if page.events.is_empty() {
                return Ok(());
            }
            let last = page.events.last().and_then(|event| event.position).unwrap_or(after);
            let moved = executions(&page.events);
            self.hand_over(page.events.into_iter().map(Arc::new).collect(), last).await;
            // What no batch announced yet, others may have committed: their executions may be this server's. A driver
            // that has stopped moves nothing.
            self.driver.tell(Message::Moved(moved)).await;
        }
    }

    async fn hand_over(&self, events: Vec<Arc<Envelope>>, last: Position) {
        if !events.is_empty() {
            for event in &events {
                self.agents.saw(event);
            }
            let oldest = events.first().map(|event| event.time);
            self.hub.publish(events).await;
            let lag_ms = oldest.map_or(0, |time| self.environment.now().ms_since(time));
            self.telemetry.publish_lag.observe(Duration::from_millis(lag_ms));
            self.published.send_replace(last);
        }
    }
}

/// The newest position other processes told of, when it moves; never, where there are no others.
async fn moved(foreign: &mut Option<watch::Receiver<Position>>) -> Position {
    if let Some(head) = foreign
        && head.changed().await.is_ok()
    {
        return *head.borrow_and_update();
    }
    // The store is closing; so does its other channel.
    *foreign = None;
    std::future::pending().await
}

/// Each execution these are of, with the position of its newest.
fn executions(events: &[Envelope]) -> Vec<(ExecutionId, Position)> {
    let of = |envelope: &Envelope| Some((envelope.event.execution_id()?, envelope.position?));
    // In position order, so the newest stays.
    let newest: HashMap<_, _> = events.iter().filter_map(of).collect();
    newest.into_iter().collect()
}
