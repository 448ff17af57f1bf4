//! Playbooks made up by the hundred.

use proptest::prelude::*;
use protocol::{TaskKey, TaskPart};
use std::fmt::Write;

/// A playbook, and what its workers and people answer.
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<StepPlan>,
    /// Decides answers.
    seed: u64,
    /// Some attempts fail, some waits and approvals have a time limit, some workers are lost for good.
    pub fails: bool,
    /// `timeout_s` of the whole.
    pub timeout_s: Option<u32>,
}

#[derive(Clone, Debug)]
struct StepPlan {
    kind: u8,
    retry: u8,
    join_any: bool,
    exclusive: bool,
    /// Cleans up when it is cancelled.
    cleans: bool,
    limited: bool,
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
    let arc = (prop_oneof![12 => 1_i8..6, 1 => -4_i8..1], 0_u8..10, any::<bool>())
        .prop_map(|(distance, condition, data)| ArcPlan { distance, condition, data });
    let flags =
        (prop::bool::weighted(0.15), prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.4));
    let step = (0_u8..14, 0_u8..8, flags, prop::collection::vec(arc, 0..4)).prop_map(
        |(kind, retry, (join_any, exclusive, cleans, limited), arcs)| StepPlan {
            kind,
            retry,
            join_any,
            exclusive,
            cleans,
            limited,
            arcs,
        },
    );
    let timeout = prop::option::weighted(0.1, 1_u32..100);
    (prop::collection::vec(step, 2..14), any::<u64>(), prop::bool::weighted(0.4), timeout)
        .prop_map(|(steps, seed, fails, timeout_s)| Plan { steps, seed, fails, timeout_s: timeout_s.filter(|_| fails) })
}

impl Plan {
    /// The same without loops, `join: any`, failures and time limits: what happens does not depend on when.
    pub fn tame(mut self) -> Self {
        self.fails = false;
        self.timeout_s = None;
        for step in &mut self.steps {
            step.join_any = false;
            for arc in &mut step.arcs {
                arc.distance = arc.distance.abs().max(1);
            }
        }
        self
    }

    /// A number for a visit, from 0 to 9: what its task, its signal or its person answers.
    pub fn number(&self, step: &str, visit: u32) -> u64 {
        self.hash(step, &[visit]) / 7 % 10
    }

    /// Whether an attempt fails.
    pub fn fails(&self, key: &TaskKey) -> bool {
        let item = key.item.map_or(0, |item| item + 1);
        let numbers = [key.visit, key.attempt, item, u32::from(key.part == TaskPart::Save)];
        self.fails && self.hash(&key.step, &numbers).is_multiple_of(6)
    }

    /// Whether whoever runs the step is lost with it, and nobody answers it in time.
    pub fn is_doomed(&self, step: &str) -> bool {
        self.fails && self.number(step, 0) > 7
    }

    fn hash(&self, step: &str, numbers: &[u32]) -> u64 {
        let all = numbers.iter().map(|number| u64::from(*number)).chain(step.bytes().map(u64::from));
        all.fold(self.seed, |hash, one| (hash ^ one).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17))
    }

    pub fn source(&self) -> String {
        let mut source = String::from(
            "apiVersion: signalbox/v1\nkind: Playbook\nmetadata: {name: t, path: tests/t}\nworkload: {n: 4}\n",
        );
        if let Some(seconds) = self.timeout_s {
            writeln!(source, "timeout_s: {seconds}").unwrap();
        }
        source.push_str("workflow:\n");
        let last = self.steps.len() - 1;
        for (index, step) in self.steps.iter().enumerate() {
            let name = |index: usize| match index {
                0 => "start".to_owned(),
                index if index == last => "end".to_owned(),
                index => format!("s{index}"),
            };
            write!(source, "  - {{step: {}, {}", name(index), self.work(index, &name(index))).unwrap();
            if step.join_any {
                source.push_str(", join: any");
            }
            // The `mode` of an iterator is something else.
            if step.exclusive && !matches!(step.kind, 11 | 12) {
                source.push_str(", mode: exclusive");
            }
            let has_number = !matches!(step.kind, 6..=8 | 11 | 12);
            let mut arcs: Vec<String> = step
                .arcs
                .iter()
                .filter(|arc| index < last || arc.distance < 0)
                .map(|arc| arc.source(index, last, has_number, name))
                .collect();
            if step.cleans {
                arcs.push("{step: clean, on: cancelled, data: {why: '{{ error.code }}'}}".to_owned());
            }
            writeln!(source, ", next: [{}]}}", arcs.join(", ")).unwrap();
        }
        source.push_str("  - {step: clean, type: noop, retry: 2, next: cleaned}\n  - {step: cleaned, type: noop}\n");
        source
    }

    /// Actions, saves, control steps, and steps that wait.
    fn work(&self, index: usize, name: &str) -> String {
        let step = &self.steps[index];
        let limited = step.limited && self.fails;
        let retry = match step.retry {
            0 => ", retry: 3",
            1 => ", retry: {max_attempts: 4, initial_delay: 0.5, stop_when: attempt == 3}",
            2 => ", retry: {max_attempts: 2, retry_when: result.n == 3 or not success}",
            _ => "",
        };
        match step.kind {
            4 => format!("type: playbook, path: tests/child{retry}"),
            0..=3 => format!("type: noop, data: {{own: '{{{{ execution_id }}}}'}}{retry}"),
            5 => "save: {storage: event_log, data: {n: 3}}".to_owned(),
            6 | 7 => "desc: passes".to_owned(),
            8 => format!("type: wait, seconds: {}", self.number(name, 0)),
            11 | 12 => {
                let mode = if limited { "" } else { ", mode: async, concurrency: 2" };
                let strict = if step.kind == 11 { "" } else { ", on_item_error: continue" };
                let save = if step.exclusive { ", save: {storage: event_log, data: {n: '{{ i }}'}}" } else { "" };
                let count = self.number(name, 0) / 2;
                format!(
                    "type: iterator, collection: '{{{{ range({count}) | list }}}}', element: i{mode}{strict}, \
                     task: {{type: noop, data: {{i: '{{{{ i }}}}'}}{retry}{save}}}"
                )
            }
            13 => format!("type: noop{retry}, save: {{storage: sqlite, table: t, data: {{n: 1}}}}"),
            9 => format!("type: wait, signal: go-{name}{}", if limited { ", timeout_s: 20" } else { "" }),
            _ => {
                let end = match (limited, self.number(name, 0)) {
                    (false, _) => "",
                    (true, 3..) => ", timeout_s: 30",
                    (true, _) => ", timeout_s: 30, default: {n: 5}",
                };
                format!("type: approval, form: [{{name: n, type: integer}}]{end}")
            }
        }
    }
}

impl ArcPlan {
    fn source(&self, from: usize, last: usize, has_number: bool, name: impl Fn(usize) -> String) -> String {
        let to = from.saturating_add_signed(isize::from(self.distance)).min(last);
        // A loop goes on while chance wants it; a step past the last leads to the last.
        let is_back = to <= from;
        let mut arc = format!("{{step: {}", name(to));
        match (self.condition, is_back, has_number) {
            (8, _, _) => arc.push_str(", on: cancelled"),
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
