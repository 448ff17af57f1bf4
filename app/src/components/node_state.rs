//! What a graph shows of an execution: the state of each node and which arcs were taken.

use protocol::{
    Phase, StepStatus, Timestamp,
    event::Transition,
    graph::{GraphEdge, GraphNode},
    view::{ExecutionView, StepView},
};

/// The parts of an execution a graph needs; changes less often than the execution.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NodeStates {
    steps: Vec<(String, NodeState)>,
    transitions: Vec<Transition>,
    is_started: bool,
    is_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeState {
    pub(crate) status: StepStatus,
    /// Start and end, for steps that do work.
    pub(crate) ran: Option<(Timestamp, Option<Timestamp>)>,
    /// Of an iterator: items that ended, of how many.
    pub(crate) items: Option<(u32, u32)>,
}

impl NodeStates {
    pub(crate) fn of(execution: &ExecutionView) -> Self {
        let state = |step: &StepView| NodeState {
            status: step.status,
            ran: Some((step.started_at, step.ended_at)),
            items: step.items.as_ref().map(|items| (items.completed + items.failed, items.count)),
        };
        Self {
            steps: execution.steps.iter().map(|step| (step.step.clone(), state(step))).collect(),
            transitions: execution.transitions.clone(),
            is_started: execution.phase != Phase::Initial,
            is_ended: execution.phase == Phase::Completed,
        }
    }

    /// `None`: not reached yet. A control step emits no events of its own: it is passed when an arc led to it.
    pub(crate) fn node(&self, node: &GraphNode) -> Option<NodeState> {
        if let Some((_, state)) = self.steps.iter().find(|(step, _)| *step == node.step) {
            return Some(*state);
        }
        let passed = |status| Some(NodeState { status, ran: None, items: None });
        let is_reached = if node.step == "start" {
            self.is_started
        } else {
            self.transitions.iter().any(|arc| arc.taken && arc.to == node.step)
        };
        match (node.protocol.is_none() && is_reached, self.is_ended) {
            (true, _) => passed(StepStatus::Completed),
            (false, true) => passed(StepStatus::Skipped),
            (false, false) => None,
        }
    }

    /// Whether the arc was taken when it was evaluated last; `None`: not evaluated yet.
    pub(crate) fn edge(&self, edge: &GraphEdge) -> Option<bool> {
        self.transitions
            .iter()
            .find(|arc| arc.from == edge.from && arc.to == edge.to && arc.when == edge.when)
            .map(|arc| arc.taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(step: &str, protocol: Option<&str>) -> GraphNode {
        GraphNode { step: step.into(), protocol: protocol.map(str::to_owned), ..GraphNode::default() }
    }

    fn states(is_ended: bool) -> NodeStates {
        let ran = Some((Timestamp(1), None));
        NodeStates {
            steps: vec![("a".into(), NodeState { status: StepStatus::Running, ran, items: None })],
            transitions: vec![
                Transition { from: "start".into(), to: "route".into(), when: None, taken: true, visit: 1, data: None },
                Transition {
                    from: "route".into(),
                    to: "b".into(),
                    when: Some("x".into()),
                    taken: false,
                    visit: 1,
                    data: None,
                },
            ],
            is_started: true,
            is_ended,
        }
    }

    #[test]
    fn nodes_tell_what_happened_to_them() {
        for (step, protocol, is_ended, status) in [
            ("a", Some("python"), false, Some(StepStatus::Running)),
            ("start", None, false, Some(StepStatus::Completed)),
            ("route", None, false, Some(StepStatus::Completed)),
            ("b", Some("http"), false, None),
            ("b", Some("http"), true, Some(StepStatus::Skipped)),
        ] {
            let state = states(is_ended).node(&node(step, protocol));
            assert_eq!(state.map(|state| state.status), status, "{step}, ended {is_ended}");
        }
    }

    #[test]
    fn arcs_are_matched_with_their_condition() {
        let edge = |from: &str, to: &str, when: Option<&str>| GraphEdge {
            from: from.into(),
            to: to.into(),
            when: when.map(str::to_owned),
            ..GraphEdge::default()
        };
        assert_eq!(states(false).edge(&edge("start", "route", None)), Some(true));
        assert_eq!(states(false).edge(&edge("route", "b", Some("x"))), Some(false));
        assert_eq!(states(false).edge(&edge("route", "b", Some("y"))), None);
    }
}
