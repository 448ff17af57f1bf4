//! What executions do, in virtual time: one behaviour per file.
#![allow(clippy::unwrap_used)]

mod approvals;
mod cancelling;
mod children;
mod cleaning_up;
mod conditions;
mod data_on_arcs;
mod end_of_execution;
mod event_log;
mod failures;
mod iterators;
mod joins;
mod late_and_repeated_inputs;
mod loops;
mod lost_workers;
mod names_in_expressions;
mod pausing;
mod rendering;
mod reruns;
mod retries;
mod saving;
#[path = "../scenario/mod.rs"]
mod scenario;
mod size;
mod step_types;
mod time_limits;
mod waits;
mod workbook;
