//! HTTP as a client sees it. One file per URL, named like its handler; then what holds for every URL.

// What fails here fails the test, in helpers too.
#![allow(clippy::unwrap_used)]

#[path = "../ws/raw.rs"]
mod raw;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod approvals;
mod credentials;
mod events;
mod execution_cancel;
mod execution_events;
mod execution_pause;
mod execution_rerun;
mod execution_signals;
mod execution_terminate;
mod executions;
mod executions_bulk;
mod health;
mod hooks;
mod login;
mod metrics_series;
mod openapi;
mod playbook_diff;
mod playbook_schema;
mod playbook_versions;
mod playbooks;
mod playbooks_validate;
mod prometheus;
mod routes;
mod schedules;
mod websocket_status;

mod assets;
mod body;
mod client_access;
mod cloud_events;
mod cors;
mod headers;
mod host;
mod origin;
mod pages;
mod people;
mod samples;
mod shutdown;
mod slow_client;
mod socket;
mod socket_access;
mod socket_sizes;
mod socketio_leaving;
mod topics_of_a_kind;
