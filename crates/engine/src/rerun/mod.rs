//! Reruns: which results of an execution another one may take over.

mod collect;

pub use collect::reuse_from;

use protocol::ExecutionId;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// What a rerun takes over.
#[derive(Clone, Debug, PartialEq)]
pub struct Reuse {
    /// The execution that is repeated.
    pub of: ExecutionId,
    /// The step it begins at: the one that was asked for, or else the one that failed there.
    pub from: Option<String>,
    /// What completed there, by step and visit.
    pub results: BTreeMap<(String, u32), Reused>,
}

/// What a visit ran on, and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reused {
    pub input: Arc<Value>,
    pub result: Arc<Value>,
}

impl Reuse {
    /// The result for a visit that runs on this input (`None`: it cannot be rendered), with the visit it had.
    ///
    /// Of a step that completed once, that is its result, whatever the input is now: that is what a rerun with
    /// another input asks for. Of one that completed several times, only the same input tells which result is meant:
    /// arrivals may come in another order. `is_taken`: some visit has it already.
    pub(crate) fn result(
        &self,
        step: &str,
        visit: u32,
        input: Option<&Value>,
        is_taken: impl Fn(u32) -> bool,
    ) -> Option<(u32, &Reused)> {
        let of_step = || self.results.range((step.to_owned(), 0)..=(step.to_owned(), u32::MAX));
        if of_step().nth(1).is_none() {
            return of_step().next().map(|((_, of), reused)| (*of, reused)).filter(|(of, _)| !is_taken(*of));
        }
        let fits = |of: u32, reused: &Reused| Some(&*reused.input) == input && !is_taken(of);
        let same = self.results.get(&(step.to_owned(), visit)).filter(|reused| fits(visit, reused));
        same.map(|reused| (visit, reused))
            .or_else(|| of_step().map(|((_, of), reused)| (*of, reused)).find(|(of, reused)| fits(*of, reused)))
    }
}
