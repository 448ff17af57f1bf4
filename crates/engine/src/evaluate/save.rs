//! What is saved of a visit or an item, and by whom.

use super::{template_error, turn::Turn};
use crate::{
    context::{Scope, flattened},
    playbook::SaveTask,
};
use protocol::{TaskError, TaskKey};
use serde_json::Value;
use std::sync::Arc;

impl Turn<'_> {
    /// The names that a save knows: `this` is what the action came to, if there was one.
    pub(super) fn scope_of_save(&self, index: usize, key: &TaskKey) -> Result<Scope, TaskError> {
        let (scope, _) = self.ground(index, key)?;
        Ok(match self.result_of(index, key) {
            Some(result) if key.item.is_some() => scope.saving(result),
            Some(result) => scope.of_visit(&self.playbook.step(index).name, Some(result)).of_save(),
            None => scope,
        })
    }

    /// What a save's task gets: the data it names, or else that of the result, or else what the step runs on.
    pub(super) fn data_to_save(&self, save: &SaveTask, key: &TaskKey, scope: &Scope) -> Result<Arc<Value>, TaskError> {
        if let Some(data) = &save.data {
            return data.render(self.playbook.texts(), scope).map_err(|error| template_error(&error));
        }
        let index = self.playbook.index_of(&key.step);
        Ok(match index.and_then(|index| self.result_of(index, key)) {
            Some(result) if std::ptr::eq(flattened(&result), &*result) => result,
            Some(result) => Arc::new(flattened(&result).clone()),
            None => self.state.visit_input(&key.step, key.visit).cloned().unwrap_or_default(),
        })
    }

    /// What the action came to whose save this is; `None` of a step that only saves.
    pub(super) fn result_of(&self, index: usize, key: &TaskKey) -> Option<Arc<Value>> {
        let step = self.playbook.step(index);
        match key.item {
            Some(item) => self.state.iteration(&step.name, key.visit)?.end(item)?.result.clone(),
            None if matches!(step.work, crate::playbook::Work::Save) => None,
            None => self.result_of_visit(index, key.visit),
        }
    }
}
