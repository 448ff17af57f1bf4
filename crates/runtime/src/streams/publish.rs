//! Publishing messages: all of a batch in one commit, in the order given.

use super::message;
use crate::{Api, api::from_store};
use protocol::{
    CommitId, Envelope, Event, EventId, Position, Problem,
    access::Action,
    api::{AgentList, Published},
    event::AgentState,
};
use serde_json::Value;
use std::time::Instant;
use store::{Commit, NewEvent};

/// Messages of one batch.
const MOST: usize = 1_000;
/// Agents told of at once.
const AGENTS: u32 = 1_000;

impl Api {
    /// Publishes messages (S1's five, each with its `type`), all or none. Resolves when those that are kept are
    /// durable; the others are on their way to whoever looks.
    ///
    /// # Errors
    /// `forbidden`; `too_many_messages`, `message_invalid` naming message and field, `rate_limited`; or when the store
    /// does not answer.
    pub async fn publish(&self, messages: Vec<Value>) -> Result<Published, Problem> {
        let count = messages.len();
        self.require(Action::Publish)?;
        if count > MOST {
            let detail = format!("{count} messages at once; at most {MOST}, send the rest after them");
            return Err(Problem::new(422, "too_many_messages", "Too many", detail));
        }
        let now = self.shared().environment.now();
        let place = |index: usize| (count > 1).then_some(index);
        let read = messages.into_iter().enumerate();
        let read = read.map(|(index, message)| message::read(message, now).map_err(|why| why.problem(place(index))));
        let events = read.collect::<Result<Vec<Event>, Problem>>()?;
        self.within_rate(count)?;
        let positions = self.emit(events).await?;
        let position = positions.into_iter().flatten().max();
        Ok(Published { published: u32::try_from(count).unwrap_or(u32::MAX), position })
    }

    /// As [`Api::publish`], each for itself: what is wrong with one keeps no other back.
    pub async fn publish_each(&self, messages: Vec<Value>) -> Vec<Result<Option<Position>, Problem>> {
        let count = messages.len();
        let allowed = self.require(Action::Publish).and_then(|()| self.within_rate(count));
        if let Err(problem) = allowed {
            return vec![Err(problem); count];
        }
        let now = self.shared().environment.now();
        let read = messages.into_iter().map(|message| message::read(message, now).map_err(|why| why.problem(None)));
        let (mut events, mut answers) = (Vec::new(), Vec::with_capacity(count));
        for read in read {
            answers.push(read.map(|event| events.push(event)));
        }
        let mut positions = match self.emit(events).await {
            Ok(positions) => Ok(positions.into_iter()),
            Err(problem) => Err(problem),
        };
        let answer = |read: Result<(), Problem>| match (read, &mut positions) {
            (Ok(()), Ok(positions)) => Ok(positions.next().flatten()),
            (Ok(()), Err(problem)) => Err(problem.clone()),
            (Err(problem), _) => Err(problem),
        };
        answers.into_iter().map(answer).collect()
    }

    /// The agents other programs told of, and how they are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn agents(&self) -> Result<AgentList, Problem> {
        let shared = self.shared();
        let position = shared.store.head().await.map_err(from_store)?;
        let events = shared.store.newest_of_each("agent_state", AGENTS).await.map_err(from_store)?;
        let states = events.into_iter().filter_map(|envelope| match envelope.event {
            Event::AgentState(state) => Some(shared.agents.newer(state)),
            _ => None,
        });
        Ok(AgentList { agents: states.collect(), position })
    }

    fn within_rate(&self, count: usize) -> Result<(), Problem> {
        let shared = self.shared();
        shared.rates.take(&self.who().subject, count, shared.environment.now()).map_err(|per_s| {
            let detail = format!("more than {per_s} messages a second: wait a second and send them again");
            Problem::new(429, "rate_limited", "Too fast", detail).temporary()
        })
    }

    /// Commits what is kept, then shows the rest; the positions of all, in order.
    pub(crate) async fn emit(&self, events: Vec<Event>) -> Result<Vec<Option<Position>>, Problem> {
        self.learn_agents(&events).await?;
        let shared = self.shared();
        let (environment, agents) = (&shared.environment, &shared.agents);
        let now = environment.now();
        let kept: Vec<bool> = events.iter().map(|event| is_kept(event, |state| agents.hear(state))).collect();
        let mut positions = vec![None; events.len()];
        let mut commit = Commit {
            id: CommitId(environment.id()),
            time: now,
            execution: None,
            events: Vec::new(),
            tasks: Vec::new(),
        };
        for (event, _) in events.iter().zip(&kept).filter(|(_, kept)| **kept) {
            commit.events.push(NewEvent {
                id: EventId(environment.id()),
                correlation_id: correlation(event),
                causation_id: None,
                traceparent: None,
                event: event.clone(),
            });
        }
        if !commit.events.is_empty() {
            let changed = |(event, _): (&Event, &bool)| match event {
                Event::AgentState(state) => Some(state.agent_id.clone()),
                _ => None,
            };
            let is_kept = |(_, kept): &(&Event, &bool)| **kept;
            let ids = events.iter().zip(&kept).filter(is_kept).filter_map(changed).collect();
            // Whoever asked may go away meanwhile, and this with them.
            let under_way = agents.on_their_way(ids);
            let begun = Instant::now();
            let committed = shared.store.commit(commit).await;
            shared.telemetry.commit.observe(begun.elapsed());
            let committed = committed.map_err(from_store)?;
            shared.telemetry.committed(&committed.events);
            let first = committed.first;
            let places = positions.iter_mut().zip(&kept).filter(|(_, kept)| **kept);
            for ((position, _), at) in places.zip(first.0..) {
                *position = Some(Position(at));
            }
            let of_agents = events.iter().zip(&positions).filter(|(event, _)| matches!(event, Event::AgentState(_)));
            under_way.arrived(of_agents.filter_map(|(_, position)| *position));
        }
        for (event, _) in events.into_iter().zip(kept).filter(|(_, kept)| !kept) {
            if let Event::PerformanceMetric(metric) = &event {
                shared.rollup.add(metric, "", now);
            }
            self.show(event);
        }
        Ok(positions)
    }

    /// Hands an event without a position to who looks.
    pub(super) fn show(&self, event: Event) {
        let environment = &self.shared().environment;
        let envelope = Envelope {
            id: EventId(environment.id()),
            position: None,
            time: environment.now(),
            correlation_id: correlation(&event),
            causation_id: None,
            traceparent: None,
            event,
        };
        self.shared().telemetry.count(&envelope);
        self.shared().hub.publish_ephemeral(envelope);
    }

    /// How agents were when they were last heard of, where that is not remembered.
    async fn learn_agents(&self, events: &[Event]) -> Result<(), Problem> {
        let shared = self.shared();
        let ids = events.iter().filter_map(|event| match event {
            Event::AgentState(state) => Some(state.agent_id.as_str()),
            _ => None,
        });
        let unknown = shared.agents.unknown(ids);
        if !unknown.is_empty() {
            for envelope in shared.store.newest_about("agent_state", unknown).await.map_err(from_store)? {
                shared.agents.saw(&envelope);
            }
        }
        Ok(())
    }
}

/// Whether it matters later.
fn is_kept(event: &Event, is_change: impl FnOnce(&AgentState) -> bool) -> bool {
    match event {
        Event::PerformanceMetric(_) => false,
        Event::AgentState(state) => is_change(state),
        _ => true,
    }
}

/// What a message belongs to.
fn correlation(event: &Event) -> Option<String> {
    match event {
        Event::WorkflowExecution(update) => Some(update.execution_id.clone()),
        _ => None,
    }
}
