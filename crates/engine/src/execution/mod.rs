//! One execution's state: the fold of its log, live and in replay.

mod apply;
mod state;

pub(crate) use state::Arrival;
pub use state::Execution;
