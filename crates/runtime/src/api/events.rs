//! The log as it is looked through: a topic's history, filtered, from either end.
//!
//! A filter is no index: the log is read in its order and each event asked. So that a rare kind in a long log does
//! not hold up the server, one request reads so many events and then tells how to go on.

use super::{Api, from_store};
use protocol::{
    Envelope, Position, Problem, Timestamp, Topic,
    api::{EventFilter, EventPage, EventQuery},
};

/// Events on one page: unless told, at most.
const EVENTS: (u32, u32) = (100, 1_000);
/// Events read for one page at most, some 100 ms of reading.
const READ: usize = 20_000;
/// Bytes of events after which a page ends, with a `next`. What is read at once may take it some MiB beyond.
const BYTES: usize = 2 << 20;
/// Bytes read for one page at most, as long as nothing is found: large events take longer.
const READ_BYTES: usize = 64 << 20;
/// Events read at once while looking for some.
const AT_ONCE: u32 = 1_000;
/// Positions of one look backwards: at first, at most.
const LOOK: (u64, u64) = (200, 20_000);
/// Looks backwards for one page.
const LOOKS: usize = 64;
/// Positions searched for a topic without an index cost as much as reading one event.
const SEARCHED: usize = 100;
/// Times in the log are nearly in order: servers' clocks differ by less than this, and commits wait for less.
const DISORDER_MS: u64 = 60_000;

impl Api {
    /// A part of a topic's history. A page may hold fewer events than `limit`, even none, and have a `next`.
    ///
    /// # Errors
    /// 400 for what is no topic or no limit; 403 for a topic that is not theirs to see; when the store cannot be
    /// read.
    pub async fn events(&self, query: EventQuery) -> Result<EventPage, Problem> {
        let topic: Topic = match &query.topic {
            Some(topic) => topic.parse().map_err(|error| Problem::bad_request("invalid_topic", format!("{error}")))?,
            None => Topic::Events,
        };
        self.who().require_topic(&topic)?;
        let limit = query.limit.unwrap_or(EVENTS.0);
        if limit == 0 || limit > EVENTS.1 {
            let detail = format!("`limit` is {limit}; expected 1 to {}", EVENTS.1);
            return Err(Problem::bad_request("query_parameter", detail));
        }
        let mut part = Part {
            topic,
            filter: query.filter(),
            after: Position(query.after.unwrap_or(0)),
            through: Position(query.through.unwrap_or(u64::MAX)),
            limit: limit as usize,
        };
        if let Some(since) = part.filter.since {
            let early = Timestamp(since.0.saturating_sub(DISORDER_MS as i64));
            part.after = part.after.max(self.before(early).await?);
        }
        if query.newest_first { self.backwards(part).await } else { self.forwards(part).await }
    }

    async fn forwards(&self, part: Part) -> Result<EventPage, Problem> {
        let at_once = if part.filter.is_open() { part.limit as u32 } else { AT_ONCE };
        let (mut events, mut after, mut read, mut bytes) = (Vec::new(), part.after, 0, 0);
        loop {
            let page = self.shared.store.log(&part.topic, after, at_once).await.map_err(from_store)?;
            read += page.events.len();
            bytes += page.bytes;
            let last = page.events.last().and_then(|event| event.position);
            for event in page.events {
                let position = event.position.unwrap_or_default();
                if part.is_over(&event) {
                    let through = Position(position.0.saturating_sub(1));
                    return Ok(EventPage { events, next: None, through });
                }
                if part.filter.matches(&event) {
                    events.push(event);
                }
                if events.len() == part.limit {
                    let is_last = page.at_head && Some(position) == last;
                    return Ok(EventPage { events, next: (!is_last).then_some(position), through: position });
                }
            }
            after = page.through;
            if page.at_head || after >= part.through {
                return Ok(EventPage { events, next: None, through: after });
            }
            if read >= READ || bytes >= if events.is_empty() { READ_BYTES } else { BYTES } {
                return Ok(EventPage { events, next: Some(after), through: after });
            }
        }
    }

    /// Looks at the end, then at what is before that, each time at as much as seems to hold what is still wanted.
    async fn backwards(&self, part: Part) -> Result<EventPage, Problem> {
        let head = self.shared.store.head().await.map_err(from_store)?;
        let mut end = part.through.min(head);
        if let Some(until) = part.filter.until {
            // What is before the first event that is late enough, and that one.
            let late = self.before(until.plus_ms(DISORDER_MS)).await?;
            end = end.min(Position(late.0.saturating_add(1)));
        }
        let through = end;
        let (mut events, mut read, mut bytes, mut width) = (Vec::new(), 0, 0, LOOK.0.max(part.limit as u64));
        for _ in 0..LOOKS {
            let start = Position(end.0.saturating_sub(width)).max(part.after);
            let Seen { mut found, seen, bytes: held, through: reached } = self.between(&part, start, end).await?;
            // Some topics are searched for, up to the end of the log.
            read += if part.topic.is_searched_for() { (head.0 - start.0) as usize / SEARCHED } else { seen };
            if reached < end {
                // More than one look is to hold: as much as seems to fit.
                width = ((reached.0 - start.0) / 2).max(1);
                continue;
            }
            bytes += held;
            found.reverse();
            events.append(&mut found);
            if events.len() >= part.limit {
                events.truncate(part.limit);
                let oldest = events.last().and_then(|event| event.position).unwrap_or_default();
                let next = Position(oldest.0.saturating_sub(1));
                return Ok(EventPage { events, next: (next > part.after).then_some(next), through });
            }
            if start <= part.after {
                return Ok(EventPage { events, next: None, through });
            }
            end = start;
            if read >= READ || bytes >= if events.is_empty() { READ_BYTES } else { BYTES } {
                break;
            }
            width = if seen > AT_ONCE as usize { (width / 2).max(LOOK.0) } else { (width * 2).min(LOOK.1) };
        }
        Ok(EventPage { events, next: Some(end), through })
    }

    /// The part's events above `start` up to `end` in order; not all of them when they are large.
    async fn between(&self, part: &Part, start: Position, end: Position) -> Result<Seen, Problem> {
        let mut all = Seen { found: Vec::new(), seen: 0, bytes: 0, through: start };
        while all.through < end {
            let page = self.shared.store.log(&part.topic, all.through, AT_ONCE).await.map_err(from_store)?;
            let (before, count) = (all.seen, page.events.len().max(1));
            let inside = page.events.into_iter().take_while(|event| event.position.is_some_and(|at| at <= end));
            for event in inside {
                all.seen += 1;
                if part.filter.matches(&event) {
                    all.found.push(event);
                }
            }
            all.bytes += page.bytes * (all.seen - before) / count;
            all.through = if page.at_head { end } else { page.through.min(end) };
            if all.bytes >= BYTES && end.0 - start.0 > 1 {
                break;
            }
        }
        Ok(all)
    }

    /// A position before the first event at or after `time`: the log is nearly in the order of time.
    async fn before(&self, time: Timestamp) -> Result<Position, Problem> {
        let store = &self.shared.store;
        let (mut low, mut high) = (0, store.head().await.map_err(from_store)?.0);
        // The events up to `low` are earlier, or there are none.
        while low < high {
            let middle = low + (high - low) / 2;
            let page = store.log(&Topic::Events, Position(middle), 1).await.map_err(from_store)?;
            match page.events.first() {
                Some(event) if event.time < time => low = event.position.map_or(middle + 1, |at| at.0.max(middle + 1)),
                _ => high = middle,
            }
        }
        Ok(Position(low))
    }
}

/// A look backwards.
struct Seen {
    found: Vec<Envelope>,
    /// Events of the topic there.
    seen: usize,
    /// Of these, about.
    bytes: usize,
    /// So far was looked.
    through: Position,
}

/// Which part of the log.
struct Part {
    topic: Topic,
    filter: EventFilter,
    after: Position,
    through: Position,
    limit: usize,
}

impl Part {
    /// Neither this event nor one after it belongs here.
    fn is_over(&self, event: &Envelope) -> bool {
        let is_late = |until: Timestamp| event.time >= until.plus_ms(DISORDER_MS);
        event.position.is_some_and(|at| at > self.through) || self.filter.until.is_some_and(is_late)
    }
}
