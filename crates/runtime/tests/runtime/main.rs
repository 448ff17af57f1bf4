//! The runtime on a real store. One binary: its parts share the support and link once.

mod executions;
mod full_disk;
mod recovery;
mod sharing;
mod support;
mod timers;
mod views;
