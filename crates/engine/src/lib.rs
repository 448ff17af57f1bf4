//! The engine: playbooks as types, executions as folded logs, and the one function that decides what is next.
//!
//! [`playbook::parse`] turns YAML into a [`Playbook`] that cannot be wrong, or into everything that is wrong with
//! it. [`Execution::apply`] is the one fold of the execution log, live and in replay. [`evaluate`] takes both, an
//! [`Input`] and the time, and answers with a [`Decision`]; it changes nothing.
//!
//! Absences: no clock, no randomness, no I/O, no async, no database, no web. Builds for `wasm32-unknown-unknown`.

mod child_id;
mod context;
#[doc(hidden)]
pub mod effort;
mod evaluate;
mod execution;
mod inputs;
pub mod playbook;
mod rerun;

pub use child_id::child_id;
pub use evaluate::Decision;
pub use evaluate::NewTask;
pub use evaluate::evaluate;
pub use evaluate::wake_at;
pub use execution::Execution;
pub use inputs::Input;
pub use inputs::refusal;
pub use playbook::Parsed;
pub use playbook::Playbook;
pub use rerun::Reuse;
pub use rerun::Reused;
pub use rerun::reuse_from;
