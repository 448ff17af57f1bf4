//! Names that were looked up and not there.
//!
//! The template engine lets an undefined value be compared (`nothing == 1` is false there). Here a missing name is
//! an error wherever it is used, unless it is asked for (`is defined`) or replaced (`default`); so lookups are noted.

use minijinja::{State, Value, value::Object};
use std::sync::{Arc, Mutex, MutexGuard};

/// The name under which a filter finds the notes of the running evaluation; no template can write it.
pub(super) const NAME: &str = "\0misses";

/// The notes of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Misses(Mutex<Vec<String>>);

impl Misses {
    pub(crate) fn note(&self, name: String) {
        self.names().push(name);
    }

    /// How many are noted now; for `forget_since`.
    pub(crate) fn mark(&self) -> usize {
        self.names().len()
    }

    pub(crate) fn forget_since(&self, mark: usize) {
        self.names().truncate(mark);
    }

    /// The undefined value at hand was expected.
    pub(crate) fn forget_last(&self) {
        self.names().pop();
    }

    pub(crate) fn first(&self) -> Option<String> {
        self.names().first().cloned()
    }

    fn names(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Object for Misses {}

/// The notes of the evaluation a filter or test runs in.
pub(crate) fn of(state: &State) -> Option<Arc<Misses>> {
    state.lookup(NAME)?.downcast_object::<Misses>()
}

pub(super) fn value(misses: &Arc<Misses>) -> Value {
    Value::from_dyn_object(misses.clone())
}
