//! REST under `/api/v1`. A URL's handler file has the name of the URL; the route table is [`routes`].
//!
//! Handlers extract, call one [`runtime::Api`] method and map. Errors are `application/problem+json`, always.

mod agents;
mod approvals;
mod credential_rotation;
mod credentials;
mod event_page;
mod events;
mod execution_approvals;
mod execution_cancel;
mod execution_events;
mod execution_pause;
mod execution_rerun;
mod execution_resume;
mod execution_signals;
mod execution_terminate;
mod executions;
mod executions_bulk;
mod extract;
mod health;
mod hooks;
mod login;
mod metrics;
mod metrics_series;
mod openapi;
mod page;
mod playbook_diff;
mod playbook_schema;
mod playbook_versions;
mod playbooks;
mod playbooks_validate;
mod prometheus;
mod refusal;
mod routes;
mod schedule_pause;
mod schedule_resume;
mod schedule_run;
mod schedules;
mod submitted;
mod tokens;
mod users;
mod websocket_broadcast_test;
mod websocket_status;
mod workers;

pub(crate) use refusal::Refusal;
pub(crate) use refusal::RefusedAs;
pub(crate) use routes::routes;
pub(crate) use routes::wrong_method;
