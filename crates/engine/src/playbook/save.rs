//! `save`: where what a step came to is put besides.

use super::{model::Action, template::Template};

#[derive(Debug)]
pub(crate) enum Save {
    /// Into the event log, by the engine.
    Log(Template),
    /// By a task of its own, after the action.
    Task(Box<SaveTask>),
}

#[derive(Debug)]
pub(crate) struct SaveTask {
    /// Its protocol is the storage; `save` of its config says table, mode and key.
    pub(crate) action: Action,
    /// What is saved; without it, the result.
    pub(crate) data: Option<Template>,
}

impl Save {
    pub(crate) fn task(&self) -> Option<&SaveTask> {
        match self {
            Save::Task(task) => Some(task),
            Save::Log(_) => None,
        }
    }

    /// The protocol that must be offered for it.
    pub(crate) fn protocol(&self) -> Option<&str> {
        Some(&self.task()?.action.protocol)
    }
}
