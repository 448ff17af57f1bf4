//! Reading the log for one connection: a page at a time, with patience.

use super::catch_up::{Ready, Request};
use crate::{LogUnavailable, bus::Core, encode};
use protocol::{Position, Topic};
use std::{sync::Arc, time::Duration};

/// Attempts at a page before its topic is told a gap, with pauses that double from this: 1.5 s in all. A client
/// that is told too early fetches everything anew, which a log in trouble needs least.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Events of a page: at first and at most. The number follows the size of the events.
const EVENTS_AT_FIRST: u32 = 128;
const EVENTS_AT_MOST: u32 = 1_024;

/// A page as frames.
pub(crate) struct Pages {
    limit: u32,
    /// Bytes of frames that fit the buffer they go to.
    budget: usize,
    failed: bool,
}

pub(crate) struct Read {
    pub(crate) events: Vec<Ready>,
    pub(crate) through: Position,
    pub(crate) at_head: bool,
    pub(crate) complete_after: Position,
    bytes: usize,
}

impl Pages {
    pub(crate) fn new(budget: usize) -> Self {
        Self { limit: EVENTS_AT_FIRST, budget, failed: false }
    }

    /// The page after a position of a topic. After a failure, one attempt each until the log answers again.
    pub(crate) fn read(
        &self,
        core: Arc<Core>,
        request: Request,
    ) -> impl Future<Output = Result<Read, LogUnavailable>> + Send + 'static {
        let (limit, attempts) = (self.limit, if self.failed { 1 } else { ATTEMPTS });
        async move {
            let mut pause = PAUSE;
            let mut attempt = 1;
            loop {
                match read(&core, &request.topic, request.after, limit).await {
                    Err(error) if attempt < attempts => {
                        tracing::debug!(%error, topic = %request.topic, "reading again");
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                        attempt += 1;
                    }
                    result => return result,
                }
            }
        }
    }

    /// Learns from what came.
    pub(crate) fn learn(&mut self, result: &Result<Read, LogUnavailable>) {
        self.failed = result.is_err();
        match result {
            Ok(read) if read.bytes > self.budget => self.limit = (self.limit / 2).max(1),
            Ok(read) if read.bytes < self.budget / 4 && !read.at_head => {
                self.limit = (self.limit * 2).min(EVENTS_AT_MOST);
            }
            _ => {}
        }
    }
}

async fn read(core: &Core, topic: &Topic, after: Position, limit: u32) -> Result<Read, LogUnavailable> {
    let _permit = core.readers.acquire().await.map_err(|_| LogUnavailable("the hub is closed".to_owned()))?;
    // What is published was in the log before: a page that does not know it yet is no answer.
    let published = core.position();
    let page = core.log.page(topic, after, limit).await?;
    let (at_head, complete_after) = (page.at_head, page.complete_after);
    if at_head && page.through < published {
        let (through, what) = (page.through, "the log ends before what was published");
        return Err(LogUnavailable(format!("{what}: {through} < {published}")));
    }
    let mut bytes = 0;
    let mut events = Vec::with_capacity(page.events.len());
    let mut through = page.through;
    for envelope in page.events {
        let Some(position) = envelope.position else { continue };
        let frame = encode::event(&Topic::of(&envelope), &envelope);
        bytes += frame.len();
        through = through.max(position);
        events.push(Ready { position, id: envelope.id, frame });
    }
    Ok(Read { events, through, at_head, complete_after, bytes })
}
