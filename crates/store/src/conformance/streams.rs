//! What other programs tell of their agents.

use super::{
    Backend,
    sample::{T0, loose},
};
use protocol::{
    Event, Timestamp,
    event::{AgentState, AgentStatus, MemoryAction, MemoryTimeline, ResourceUsage},
};

/// By subject and type, the newest; other types about the same do not count.
pub async fn the_newest_of_each_subject_is_found(backend: &dyn Backend) {
    let store = backend.open().await;
    let about = async |subjects: &[&str]| {
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        let found = store.newest_about("agent_state", subjects).await.expect("a read");
        found.iter().map(|event| event.time.0 - T0.0).collect::<Vec<_>>()
    };
    assert_eq!(about(&["a"]).await, [0_i64; 0]);
    for (ms, event) in
        [(1, agent("a")), (2, agent("b")), (3, agent("a")), (4, memory("a")), (5, agent("c")), (6, memory("d"))]
    {
        store.commit(loose(Timestamp(T0.0 + ms), vec![event])).await.expect("a commit");
    }
    assert_eq!(about(&["b", "nobody", "a", "d"]).await, [2, 3]);
    let of_each = store.newest_of_each("agent_state", 2).await.expect("a read");
    assert_eq!(of_each.iter().map(|event| event.time.0 - T0.0).collect::<Vec<_>>(), [5, 3]);
}

fn agent(id: &str) -> Event {
    let resource_usage = ResourceUsage { cpu: 1.5, memory: 20.0, active_connections: 3 };
    let status = AgentStatus::Busy;
    AgentState { agent_id: id.into(), status, current_task: None, resource_usage, metadata: None, timestamp: T0 }.into()
}

fn memory(agent_id: &str) -> Event {
    MemoryTimeline {
        memory_id: "m".into(),
        action: MemoryAction::Accessed,
        content: None,
        importance: 0.5,
        tags: Vec::new(),
        agent_id: Some(agent_id.into()),
        timestamp: T0,
    }
    .into()
}
