//! Playbooks: dialect v1, from YAML to types that cannot be wrong.
//!
//! `yaml` reads the text, `read` turns the tree into a playbook and tells everything that is wrong with it, `graph`
//! precomputes who can reach whom, `expr` and `template` hold what is computed at run time. A second dialect would
//! be a second `read`.

mod admission;
mod bounds;
mod complexity;
mod definition;
mod environment;
mod expr;
mod form;
mod graph;
mod guard;
mod iterate;
mod model;
mod node;
mod pointer;
mod problems;
mod read;
mod retry;
mod save;
mod suggest;
mod template;
mod tokens;
mod triggers;
mod wait;
mod workload;
mod yaml;

pub(crate) use environment::environment;
pub(crate) use expr::is_true;
pub(crate) use form::answer;
pub(crate) use form::text;
pub(crate) use iterate::CONCURRENCY;
pub(crate) use iterate::Iterate;
pub(crate) use iterate::MAX_ITEMS;
pub(crate) use model::Action;
pub(crate) use model::Condition;
pub(crate) use model::Join;
pub(crate) use model::On;
pub(crate) use model::PLAYBOOK;
pub(crate) use model::SAVE;
pub(crate) use model::Step;
pub(crate) use model::Transition;
pub(crate) use model::Work;
pub(crate) use retry::Retry;
pub(crate) use save::Save;
pub(crate) use save::SaveTask;
pub(crate) use template::RenderError;
pub(crate) use template::Template;
pub(crate) use wait::Approval;
pub(crate) use wait::MAX_SIGNAL;
pub(crate) use wait::MAX_WAIT_S;
pub(crate) use wait::Until;
pub(crate) use wait::Wait;

pub use admission::Concurrency;
pub use admission::Rate;
pub use definition::definition;
pub use model::Playbook;
pub use read::MAX_SOURCE_BYTES;
pub use read::parse;
pub use read::schema;
pub use triggers::CatchUp;
pub use triggers::Overlap;
pub use triggers::Schedule;
pub use triggers::Webhook;

use protocol::Diagnostic;

/// What became of a source. `playbook` is there exactly when no diagnostic is an error.
#[derive(Debug)]
pub struct Parsed {
    pub playbook: Option<Playbook>,
    /// Everything that is wrong or doubtful, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}
