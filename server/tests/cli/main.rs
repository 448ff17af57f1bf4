//! The real binary. One file per command, then the configuration.

#[path = "../support/mod.rs"]
mod support;

mod cancel;
mod config;
mod docs;
mod events;
mod list;
mod register;
mod run;
mod serve;
mod show;
mod validate;
