//! What forms post to: `/api/sf/NAME`. Each calls one use case and answers with a redirect, or with the page the
//! form was on, what was entered kept and what was wrong beside it.
//!
//! Absences: no wasm calls these; without scripts they work the same.

mod access;
mod bulk;
mod control;
mod delete_credential;
mod input;
mod register_playbook;
mod reply;
mod run_playbook;
mod schedules;
mod set_credential;
mod set_theme;

pub(crate) use access::Made;
pub(crate) use control::RerunEntered;
pub(crate) use input::INPUT_LIMIT;
pub(crate) use reply::Rejected;
pub(crate) use schedules::ScheduleEntered;
