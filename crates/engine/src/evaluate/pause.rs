//! A pause: nothing new begins. What is handed out may end, and control steps are passed: that is the arcs of what
//! ended. What follows waits in the state.

use super::turn::Turn;
use crate::playbook::Join;
use protocol::event::{ExecutionPaused, ExecutionResumed};

impl Turn<'_> {
    /// Tasks that nobody has claimed leave the task table until it is resumed.
    pub(crate) fn pause(&mut self, reason: String, by: String) {
        for (key, _) in self.state.unclaimed() {
            self.settle(key);
        }
        self.emit(ExecutionPaused { execution_id: self.execution_id(), path: self.path(), reason, by });
    }

    /// What nobody had claimed is handed out again, and waiting steps run.
    pub(crate) fn resume(&mut self, by: String) {
        self.emit(ExecutionResumed { execution_id: self.execution_id(), path: self.path(), by });
        for (key, due) in self.state.unclaimed() {
            let Some(index) = self.playbook.index_of(&key.step) else { continue };
            if self.is_over() {
                return;
            }
            // A branch that failed may have been the last one that counted.
            if self.state.is_open(&key)
                && let Err(error) = self.offer(index, key.clone(), due)
            {
                self.piece_failed(index, &key, error);
                // What follows belongs to this failure, not to what is handed out next.
                self.flow();
            }
        }
        self.look_at_waiting();
        self.flow();
    }

    fn look_at_waiting(&mut self) {
        let mut waiting: Vec<usize> =
            self.state.waiting_steps().filter_map(|name| self.playbook.index_of(name)).collect();
        waiting.sort_unstable();
        for index in waiting {
            let step = self.playbook.step(index);
            if step.join != Join::Any {
                self.look_at(index);
                continue;
            }
            for arrival in self.state.arrivals(&step.name) {
                self.any_arrivals.entry(index).or_default().push_back(arrival);
                self.look_at(index);
            }
        }
    }
}
