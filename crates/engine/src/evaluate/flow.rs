//! Moving branches on: which waiting steps run now, and when the execution has ended.

use super::turn::Turn;
use crate::{effort::look, execution::Arrival, playbook::Join};
use protocol::event::Transition;

/// So few are looked at one by one.
const FEW: usize = 16;
/// A prime above every number of steps, so its multiples come to each step once before they repeat.
const STRIDE: u64 = 2_654_435_761;

impl Turn<'_> {
    /// The start step; no arc leads to it.
    pub(crate) fn begin(&mut self) {
        let start = self.playbook.start();
        self.run(start, Vec::new());
        self.flow();
    }

    /// Runs every waiting step that nothing holds back, until nothing moves. Ends the execution when no branch is live.
    pub(crate) fn flow(&mut self) {
        while !self.is_over() {
            if let Some(step) = self.control.pop_front() {
                self.consider(step);
            } else if let Some(step) = self.forced.pop_front() {
                if self.state.is_waiting(&self.playbook.step(step).name) {
                    let arrivals = self.state.arrivals(&self.playbook.step(step).name);
                    self.run(step, arrivals);
                }
            } else if self.state.is_paused() && !self.actionable.is_empty() {
                // They wait in the state; resuming looks at them.
                self.actionable.clear();
            } else if let Some(step) = self.actionable.pop_front() {
                self.consider(step);
            } else if self.state.running_count() > 0 {
                return;
            } else {
                let stuck = self.stuck();
                if stuck.is_empty() {
                    return self.complete();
                }
                // Control steps first: what they lead to may join those that still wait.
                let is_control = |step: &usize| !self.playbook.step(*step).is_actionable();
                let control: Vec<usize> = stuck.iter().copied().filter(is_control).collect();
                if control.is_empty() && self.state.is_paused() {
                    return;
                }
                self.forced.extend(if control.is_empty() { stuck } else { control });
            }
        }
    }

    /// Takes an arc: its target waits, and is looked at when all arcs of the moment are taken.
    pub(super) fn take(&mut self, to: usize, arc: Transition) {
        let is_taken = arc.taken;
        let arrival = Arrival { data: arc.data.clone() };
        self.add_arc(arc);
        let step = self.playbook.step(to);
        if !is_taken || step.is_terminal() {
            return;
        }
        if step.join == Join::Any {
            self.any_arrivals.entry(to).or_default().push_back(arrival);
        }
        self.look_at(to);
    }

    /// A branch left this step: steps it held back may run now. Looks at the smaller of the two: the steps that wait,
    /// or those after this one.
    pub(super) fn left(&mut self, step: usize) {
        let topology = self.playbook.topology();
        let after = topology.descendants(step);
        let mut freed: Vec<usize> = if after.count() <= self.state.waiting_count() {
            after.iter().filter(|waiting| self.state.is_waiting(&self.playbook.step(*waiting).name)).collect()
        } else {
            let waiting = self.state.waiting_steps().filter_map(|name| self.playbook.index_of(name));
            waiting.filter(|waiting| topology.leads(step, *waiting)).collect()
        };
        freed.sort_unstable();
        for waiting in freed {
            self.look_at(waiting);
        }
    }

    pub(super) fn look_at(&mut self, step: usize) {
        if self.playbook.step(step).is_actionable() {
            self.actionable.push_back(step);
        } else {
            self.control.push_back(step);
        }
    }

    /// Runs a step if it waits and nothing holds it back.
    fn consider(&mut self, index: usize) {
        let step = self.playbook.step(index);
        if step.is_terminal() {
            return;
        }
        if step.join == Join::Any {
            if let Some(arrival) = self.any_arrivals.get_mut(&index).and_then(|arrivals| arrivals.pop_front()) {
                self.run(index, vec![arrival]);
            }
        } else if self.state.is_waiting(&step.name) && !self.is_held_back(index) {
            let arrivals = self.state.arrivals(&step.name);
            self.run(index, arrivals);
        }
    }

    fn run(&mut self, step: usize, arrivals: Vec<Arrival>) {
        if self.playbook.step(step).is_actionable() {
            self.start_visit(step, &arrivals);
        } else if !self.playbook.step(step).is_terminal() {
            self.pass(step, &arrivals);
        }
    }

    /// Whether a live branch other than those waiting here can still reach the step. Looks at the smaller of the
    /// two: the branches, or the steps before this one; where both are many, first at steps here and there.
    fn is_held_back(&self, index: usize) -> bool {
        let before = self.playbook.topology().ancestors(index);
        let live = self.state.running_count() + self.state.waiting_count();
        let fewest = before.count().min(live);
        let of = |name: &std::sync::Arc<str>| self.playbook.index_of(name);
        if fewest > FEW {
            let mut first = self.state.running_steps().take(FEW).filter_map(of);
            let is_before = |other: usize| before.contains(other) && self.is_live(other, index);
            if first.any(|other| before.contains(other)) || self.some_steps(fewest).any(is_before) {
                return true;
            }
        }
        if before.count() <= live {
            return before.iter().any(|other| self.is_live(other, index));
        }
        self.state.running_steps().filter_map(of).any(|other| before.contains(other))
            || self
                .state
                .waiting_steps()
                .filter_map(of)
                .any(|other| before.contains(other) && self.is_live(other, index))
            || self.any_arrivals.keys().any(|other| before.contains(*other) && self.is_live(*other, index))
    }

    /// Some steps of the playbook, spread over all of it. As many as that are asked of a join whose branches end one
    /// after the other; in the order of the source each would look at all that ended before.
    fn some_steps(&self, count: usize) -> impl Iterator<Item = usize> {
        let all = self.playbook.steps().len() as u64;
        (0..count as u64).inspect(|_| look()).map(move |nth| (nth * STRIDE % all) as usize)
    }

    fn is_live(&self, index: usize, seen_from: usize) -> bool {
        let step = self.playbook.step(index);
        self.state.is_running(&step.name)
            || (index != seen_from && !step.is_terminal() && self.state.is_waiting(&step.name))
            || self.any_arrivals.get(&index).is_some_and(|arrivals| !arrivals.is_empty())
    }

    /// Of waiting steps that hold each other back, those that no other waiting step leads to, except in a circle.
    fn stuck(&self) -> Vec<usize> {
        let mut waiting: Vec<usize> = self
            .state
            .waiting_steps()
            .filter_map(|name| self.playbook.index_of(name))
            .filter(|index| !self.playbook.step(*index).is_terminal())
            .collect();
        waiting.sort_unstable();
        let topology = self.playbook.topology();
        let is_first =
            |step: &usize| waiting.iter().all(|other| !topology.leads(*other, *step) || topology.leads(*step, *other));
        waiting.iter().copied().filter(is_first).collect()
    }
}
