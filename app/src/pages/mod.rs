//! The pages, each under the name of its URL. Rendered by the server only.

mod approvals;
pub(crate) mod bulk;
mod credentials;
mod dashboard;
mod event;
mod event_query;
mod event_replay;
mod events;
mod execution;
mod execution_events;
mod executions;
mod frame;
mod playbook;
mod playbooks;
mod problem;
mod register;
mod rerun;
mod schedule;
mod schedules;

pub(crate) use approvals::Approvals;
pub(crate) use bulk::Bulk;
pub(crate) use credentials::Credentials;
pub(crate) use dashboard::Dashboard;
pub(crate) use event::Event;
pub(crate) use event_replay::EventReplay;
pub(crate) use events::Events;
pub(crate) use execution::Execution;
pub(crate) use execution_events::ExecutionEvents;
pub(crate) use executions::Executions;
pub(crate) use playbook::Playbook;
pub(crate) use playbooks::Playbooks;
pub(crate) use problem::NotFound;
pub(crate) use register::Register;
pub(crate) use rerun::Rerun;
pub(crate) use schedule::{NewSchedule, Schedule};
pub(crate) use schedules::Schedules;
