//! Everything that crosses a process boundary, as types: events, topics, frames, tasks, views, API bodies, errors.
//!
//! Absences: this crate knows no runtime, database, web framework or clock, draws no randomness and does no
//! I/O. It builds for `wasm32-unknown-unknown`; the browser and the server share every type in it.

pub mod access;
pub mod api;
pub mod blob;
pub mod cloud_event;
pub mod credential;
pub mod diagnostic;
pub mod envelope;
pub mod event;
pub mod frame;
pub mod graph;
pub mod ids;
pub mod problem;
pub mod projection;
pub mod status;
pub mod task;
pub mod time;
pub mod topic;
pub mod view;

pub use access::{Action, Identity, Role};
pub use diagnostic::Diagnostic;
pub use envelope::Envelope;
pub use event::Event;
pub use ids::{ClientId, CommitId, Epoch, EventId, ExecutionId, Position};
pub use problem::Problem;
pub use status::{Outcome, Phase, StepStatus};
pub use task::{Task, TaskError, TaskKey, TaskPart, TaskReport};
pub use time::Timestamp;
pub use topic::{Topic, TopicKind};
