//! Evaluating the arcs of a step.

use super::{data, turn::Turn};
use crate::{
    context::Scope,
    playbook::{On, RenderError, Transition, is_true},
};
use protocol::event;

impl Turn<'_> {
    /// The arcs of one visit, in the order of the source, each with its target. Arcs that `mode: exclusive` leaves
    /// out are not evaluated and not told.
    pub(super) fn evaluate_arcs(
        &self,
        step: usize,
        visit: u32,
        on: On,
        scope: &Scope,
    ) -> Result<Vec<(usize, event::Transition)>, RenderError> {
        let step = self.playbook.step(step);
        let arcs: Vec<&Transition> = step.next.iter().filter(|arc| arc.on == on).collect();
        let mut taken: Vec<Option<bool>> = vec![None; arcs.len()];
        let (mut any, mut any_condition) = (false, false);
        for (arc, taken) in arcs.iter().zip(&mut taken).filter(|(arc, _)| !arc.is_else) {
            if step.exclusive && any {
                break;
            }
            let fires = match &arc.when {
                None => true,
                Some(condition) => is_true(&*condition.template.render(self.playbook.texts(), scope)?),
            };
            any |= fires;
            any_condition |= fires && arc.when.is_some();
            *taken = Some(fires);
        }
        for (_, taken) in arcs.iter().zip(&mut taken).filter(|(arc, _)| arc.is_else) {
            let fires = !(any_condition || step.exclusive && any);
            any |= fires;
            *taken = Some(fires);
        }
        let mut evaluated = Vec::new();
        for (arc, taken) in arcs.iter().zip(taken) {
            let Some(taken) = taken else { continue };
            let data = match &arc.data {
                Some(template) if taken => Some(data::map(template, self.playbook, scope)?),
                _ => None,
            };
            let (from, to) = (step.name.to_string(), self.playbook.step(arc.to).name.to_string());
            evaluated.push((arc.to, event::Transition { from, visit, to, when: arc.when_text(), taken, data }));
        }
        Ok(evaluated)
    }
}
