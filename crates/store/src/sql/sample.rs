//! Commits for the tests of plans.

use crate::{Commit, ExecutionChange, NewEvent};
use protocol::{CommitId, Event, EventId, ExecutionId, Outcome, Phase, Timestamp, event::ExecutionCancelled};
use uuid::Uuid;

/// A commit of `events` events: of the execution `execution` at `expected`, or of none when that is 0.
pub(crate) fn commit(id: u128, execution: u128, expected: u64, events: u64, end: Option<Outcome>) -> Commit {
    let execution_id = ExecutionId(Uuid::from_u128(execution));
    let event = |n: u64| {
        let event = match execution {
            0 => Event::Other { name: "note".into(), data: n.into() },
            _ => ExecutionCancelled { execution_id, path: "p".into(), reason: "".into(), by: "".into(), forced: false }
                .into(),
        };
        let id = EventId(Uuid::from_u128(id * 1_000 + u128::from(n)));
        NewEvent { id, correlation_id: None, causation_id: None, traceparent: None, event }
    };
    let change = ExecutionChange {
        execution_id,
        expected_version: expected,
        path: "p".into(),
        playbook_version: 1,
        phase: if end.is_some() { Phase::Completed } else { Phase::InProgress },
        outcome: end,
        step: None,
        progress: 0.0,
        created_at: Timestamp(0),
        ended_at: end.map(|_| Timestamp(1)),
        wake_at: None,
        input: None,
        result: None,
        error: None,
        owner: None,
    };
    Commit {
        id: CommitId(Uuid::from_u128(id)),
        time: Timestamp(0),
        execution: (execution > 0).then_some(change),
        events: (0..events).map(event).collect(),
        tasks: Vec::new(),
    }
}
