//! The agents of other programs, as they said they are: what tells a change, which is kept, from a measurement, which
//! is only shown.

use protocol::{
    Envelope, Event, Position,
    event::{AgentState, AgentStatus},
};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Agents remembered. The log knows them all: one that is forgotten is read again.
const AGENTS: usize = 10_000;

/// What is remembered of agents.
#[derive(Default)]
pub(crate) struct Agents(Mutex<HashMap<String, Known>>);

struct Known {
    /// The newest said, kept or not.
    newest: AgentState,
    /// The newest that is kept, or is about to be.
    status: AgentStatus,
    task: Option<String>,
    position: Position,
    /// Changes on their way to the log: what it tells meanwhile is older.
    under_way: u32,
}

impl Agents {
    /// Those of these agents that are not remembered.
    pub(super) fn unknown<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Vec<String> {
        let known = self.lock();
        let mut unknown: Vec<String> = ids.filter(|id| !known.contains_key(*id)).map(str::to_owned).collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Takes in what an agent says. True when it is a change, which is to be committed: [`Agents::committed`] or
    /// [`Agents::failed`] follows.
    pub(super) fn hear(&self, state: &AgentState) -> bool {
        let mut known = self.lock();
        let Some(agent) = known.get_mut(&state.agent_id) else {
            make_room(&mut known);
            let (status, task) = (state.status, state.current_task.clone());
            let agent = Known { newest: state.clone(), status, task, position: Position(0), under_way: 1 };
            known.insert(state.agent_id.clone(), agent);
            return true;
        };
        agent.newest = state.clone();
        let is_change = agent.status != state.status || agent.task != state.current_task;
        if is_change {
            agent.status = state.status;
            agent.task = state.current_task.clone();
            agent.under_way += 1;
        }
        is_change
    }

    /// Changes of these agents are on their way. When it is dropped before they are there, nobody knows what is: the
    /// log is asked again.
    pub(super) fn on_their_way(&self, ids: Vec<String>) -> OnTheirWay<'_> {
        OnTheirWay { agents: self, ids }
    }

    fn committed(&self, id: &str, position: Position) {
        if let Some(agent) = self.lock().get_mut(id) {
            agent.under_way = agent.under_way.saturating_sub(1);
            agent.position = agent.position.max(position);
        }
    }

    /// What is in the log now is not known.
    fn failed(&self, id: &str) {
        self.lock().remove(id);
    }

    /// What the log tells, also of what was said to other servers.
    pub(crate) fn saw(&self, envelope: &Envelope) {
        let (Event::AgentState(state), Some(position)) = (&envelope.event, envelope.position) else { return };
        let mut known = self.lock();
        match known.get_mut(&state.agent_id) {
            Some(agent) if agent.under_way > 0 || position <= agent.position => {}
            Some(agent) => {
                agent.newest = state.clone();
                agent.status = state.status;
                agent.task = state.current_task.clone();
                agent.position = position;
            }
            None => {
                make_room(&mut known);
                let (status, task) = (state.status, state.current_task.clone());
                let agent = Known { newest: state.clone(), status, task, position, under_way: 0 };
                known.insert(state.agent_id.clone(), agent);
            }
        }
    }

    /// The newest that was said, if it is remembered and not older than this.
    pub(super) fn newer(&self, state: AgentState) -> AgentState {
        match self.lock().get(&state.agent_id) {
            Some(agent) if agent.newest.timestamp >= state.timestamp => agent.newest.clone(),
            _ => state,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Agents::on_their_way`].
pub(super) struct OnTheirWay<'a> {
    agents: &'a Agents,
    ids: Vec<String>,
}

impl OnTheirWay<'_> {
    /// They are in the log, each at its position.
    pub(super) fn arrived(mut self, positions: impl Iterator<Item = Position>) {
        for (id, position) in std::mem::take(&mut self.ids).iter().zip(positions) {
            self.agents.committed(id, position);
        }
    }
}

impl Drop for OnTheirWay<'_> {
    fn drop(&mut self) {
        self.ids.iter().for_each(|id| self.agents.failed(id));
    }
}

/// Forgets some, at the limit.
fn make_room(known: &mut HashMap<String, Known>) {
    if known.len() >= AGENTS {
        let mut going = AGENTS / 10;
        known.retain(|_, agent| {
            let goes = going > 0 && agent.under_way == 0;
            going -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{EventId, Timestamp, event::ResourceUsage};
    use uuid::Uuid;

    fn said(id: &str, status: AgentStatus, task: Option<&str>, cpu: f64) -> AgentState {
        AgentState {
            agent_id: id.to_owned(),
            status,
            current_task: task.map(str::to_owned),
            resource_usage: ResourceUsage { cpu, memory: 1.0, active_connections: 0 },
            metadata: None,
            timestamp: Timestamp(1),
        }
    }

    fn kept(position: u64, state: AgentState) -> Envelope {
        Envelope {
            id: EventId(Uuid::nil()),
            position: Some(Position(position)),
            time: Timestamp(1),
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            event: state.into(),
        }
    }

    use AgentStatus::{Busy, Idle};

    #[test]
    fn a_change_is_of_status_or_task() {
        let agents = Agents::default();
        let changes: Vec<bool> = [
            said("a", Idle, None, 1.0),
            said("a", Idle, None, 2.0),
            said("b", Idle, None, 1.0),
            said("a", Busy, None, 2.0),
            said("a", Busy, Some("t"), 2.0),
            said("a", Busy, Some("t"), 9.0),
            said("a", Busy, None, 9.0),
        ]
        .iter()
        .map(|state| agents.hear(state))
        .collect();
        assert_eq!(changes, [true, false, true, true, true, false, true]);
    }

    #[test]
    fn what_is_under_way_is_newer_than_what_the_log_tells() {
        let agents = Agents::default();
        assert!(agents.hear(&said("a", Idle, None, 1.0)));
        assert!(agents.hear(&said("a", Busy, None, 1.0)));
        agents.committed("a", Position(1));
        agents.saw(&kept(1, said("a", Idle, None, 1.0)));
        assert!(!agents.hear(&said("a", Busy, None, 2.0)), "it is busy already");
        agents.committed("a", Position(2));
        // Somebody told another server.
        agents.saw(&kept(3, said("a", Idle, None, 1.0)));
        assert!(agents.hear(&said("a", Busy, None, 2.0)));
    }

    #[test]
    fn what_could_not_be_kept_is_tried_again() {
        let agents = Agents::default();
        assert!(agents.hear(&said("a", Idle, None, 1.0)));
        drop(agents.on_their_way(vec!["a".to_owned()]));
        assert_eq!(agents.unknown(["a", "a"].into_iter()), ["a"]);
        assert!(agents.hear(&said("a", Idle, None, 1.0)));
    }

    #[test]
    fn so_many_are_remembered() {
        let agents = Agents::default();
        for n in 0..AGENTS as u64 + 500 {
            agents.saw(&kept(n + 1, said(&n.to_string(), Idle, None, 1.0)));
        }
        assert!(agents.lock().len() <= AGENTS);
    }
}
