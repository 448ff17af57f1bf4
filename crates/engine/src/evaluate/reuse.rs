//! Visits of a rerun that take the result they had in the execution that is repeated.

use super::{template_error, turn::Turn};
use crate::{Reuse, Reused, context::Scope, playbook::On};
use protocol::event::{StepReused, StepStarted};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// What is there to be taken over, while the first decision flows: what it leaves open is done anew, and so is all
/// that follows from that.
#[derive(Default)]
pub(super) struct Reusable {
    of: Option<Arc<Reuse>>,
    /// Steps and visits whose results somebody has.
    taken: HashSet<(usize, u32)>,
}

impl Turn<'_> {
    pub(crate) fn may_reuse(&mut self, reuse: Option<Arc<Reuse>>) {
        self.reusable.of = reuse;
    }

    /// The result that a visit takes over, if there is one. `input` is what it would run on; `None` when that cannot
    /// be rendered.
    pub(super) fn reused(&mut self, index: usize, visit: u32, input: Option<&Value>) -> Option<Reused> {
        let reuse = self.reusable.of.clone()?;
        let taken = &self.reusable.taken;
        let is_taken = |of: u32| taken.contains(&(index, of));
        let (of, reused) = reuse.result(&self.playbook.step(index).name, visit, input, is_taken)?;
        let reused = reused.clone();
        self.reusable.taken.insert((index, of));
        Some(reused)
    }

    /// A visit that is not run: it has its result, and its arcs are evaluated anew.
    pub(super) fn reuse_visit(&mut self, index: usize, visit: u32, reused: Reused) {
        let step = self.playbook.step(index);
        let Some(of) = self.reusable.of.as_ref().map(|reuse| reuse.of) else { return };
        let Reused { input, result } = reused;
        let before = self.state.progress();
        let mut progress = before;
        progress.completed += u32::from(!self.state.is_completed(&step.name));
        let event = StepReused {
            execution_id: self.execution_id(),
            path: self.path(),
            step: step.name.to_string(),
            visit,
            of,
            input: input.clone(),
            result: result.clone(),
            progress,
            arcs: Vec::new(),
        };
        // Arcs see the result under the step's name, and one that fails fails the step instead.
        let mut preview = self.state.clone();
        preview.apply(&event.clone().into(), self.now);
        let scope = Scope::of(&preview).with_data(input.clone()).with_result(Some(result));
        match self.evaluate_arcs(index, visit, On::Completed, &scope) {
            Ok(arcs) => {
                self.emit(event);
                for (to, arc) in arcs {
                    self.take(to, arc);
                }
                self.left(index);
            }
            Err(error) => {
                self.emit(StepStarted {
                    execution_id: self.execution_id(),
                    path: self.path(),
                    step: step.name.to_string(),
                    visit,
                    protocol: step.protocol().unwrap_or_default().to_owned(),
                    input: input.clone(),
                    progress: before,
                    saves: step.saves(),
                });
                self.fail_visit(index, visit, 1, input, template_error(&error));
            }
        }
    }
}
