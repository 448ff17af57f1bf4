//! The pages, each under the name of its URL. Rendered by the server only.

mod credentials;
mod dashboard;
mod execution;
mod execution_events;
mod executions;
mod frame;
mod playbook;
mod playbooks;
mod problem;
mod register;

pub(crate) use credentials::Credentials;
pub(crate) use dashboard::Dashboard;
pub(crate) use execution::Execution;
pub(crate) use execution_events::ExecutionEvents;
pub(crate) use executions::Executions;
pub(crate) use playbook::Playbook;
pub(crate) use playbooks::Playbooks;
pub(crate) use problem::NotFound;
pub(crate) use register::Register;
