//! Playbooks made up by the hundred.

use proptest::prelude::*;
use std::fmt::Write;

/// A playbook and what its tasks answer.
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<StepPlan>,
    /// Decides answers.
    seed: u64,
    /// Some tasks fail.
    fails: bool,
}

#[derive(Clone, Debug)]
struct StepPlan {
    kind: u8,
    join_any: bool,
    exclusive: bool,
    arcs: Vec<ArcPlan>,
}

#[derive(Clone, Debug)]
struct ArcPlan {
    /// How far ahead the target is; back for loops.
    distance: i8,
    condition: u8,
    data: bool,
}

pub fn plans() -> impl Strategy<Value = Plan> {
    let arc = (prop_oneof![12 => 1_i8..6, 1 => -4_i8..1], 0_u8..8, any::<bool>())
        .prop_map(|(distance, condition, data)| ArcPlan { distance, condition, data });
    let step = (0_u8..8, prop::bool::weighted(0.15), prop::bool::weighted(0.2), prop::collection::vec(arc, 0..4))
        .prop_map(|(kind, join_any, exclusive, arcs)| StepPlan { kind, join_any, exclusive, arcs });
    (prop::collection::vec(step, 2..14), any::<u64>(), prop::bool::weighted(0.4))
        .prop_map(|(steps, seed, fails)| Plan { steps, seed, fails })
}

impl Plan {
    /// The same without loops, `join: any` and failures.
    pub fn tame(mut self) -> Self {
        self.fails = false;
        for step in &mut self.steps {
            step.join_any = false;
            for arc in &mut step.arcs {
                arc.distance = arc.distance.abs().max(1);
            }
        }
        self
    }

    /// Whether a task fails, and else its number.
    pub fn answer(&self, step: &str, visit: u32) -> (bool, u64) {
        let mut hash = self.seed ^ u64::from(visit).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in step.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
        }
        (self.fails && hash.is_multiple_of(6), hash / 7 % 10)
    }

    pub fn source(&self) -> String {
        let mut source = String::from(
            "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {name: t, path: tests/t}\nworkload: {n: 4}\nworkflow:\n",
        );
        let last = self.steps.len() - 1;
        for (index, step) in self.steps.iter().enumerate() {
            let name = |index: usize| match index {
                0 => "start".to_owned(),
                index if index == last => "end".to_owned(),
                index => format!("s{index}"),
            };
            // Half of them actions, some saves, the rest control steps.
            let has_result = step.kind < 6;
            let kind = match step.kind {
                0..=4 => "type: noop, data: {own: '{{ execution_id }}'}",
                5 => "save: {storage: event_log, data: {n: 3}}",
                _ => "desc: passes",
            };
            write!(source, "  - {{step: {}, {kind}", name(index)).unwrap();
            if step.join_any {
                source.push_str(", join: any");
            }
            if step.exclusive {
                source.push_str(", mode: exclusive");
            }
            let arcs: Vec<String> = step
                .arcs
                .iter()
                .filter(|arc| index < last || arc.distance < 0)
                .map(|arc| arc.source(index, last, has_result, name))
                .collect();
            writeln!(source, ", next: [{}]}}", arcs.join(", ")).unwrap();
        }
        source
    }
}

impl ArcPlan {
    fn source(&self, from: usize, last: usize, has_result: bool, name: impl Fn(usize) -> String) -> String {
        let to = from.saturating_add_signed(isize::from(self.distance)).min(last);
        // A loop goes on while chance wants it; a step past the last leads to the last.
        let is_back = to <= from;
        let mut arc = format!("{{step: {}", name(to));
        match (self.condition, is_back, has_result) {
            (_, true, true) => arc.push_str(", when: 'result.n > 4'"),
            (_, true, false) => arc.push_str(", when: 'false'"),
            (0 | 1, false, true) => arc.push_str(", when: '{{ result.n % 2 == 0 }}'"),
            (2, false, true) => arc.push_str(", when: result.n > workload.n"),
            (3, false, _) => arc.push_str(", else: true"),
            (4, false, _) => arc.push_str(", on: failed"),
            _ => {}
        }
        if self.data {
            write!(arc, ", data: {{from_{from}: '{{{{ execution_id }}}}'}}").unwrap();
        }
        arc.push('}');
        arc
    }
}
