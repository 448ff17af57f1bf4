//! The real binary. One file per command, then the configuration.

// What fails here fails the test, in helpers too.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod approve;
mod cancel;
mod config;
mod credentials;
mod diff;
mod docs;
mod events;
mod list;
mod postgres;
mod publish;
mod register;
mod rerun;
mod run;
mod schedules;
mod seed;
mod serve;
mod show;
mod terminate;
mod upkeep;
mod validate;
