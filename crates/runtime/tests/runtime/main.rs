//! The runtime on a real store. One binary: its parts share the support and link once.

mod admission;
mod between;
mod children;
mod clock;
mod control;
mod credentials;
mod executions;
mod full_disk;
mod instant;
mod iterators;
mod metrics;
mod pages;
mod rebuilding;
mod recovery;
mod retention;
mod schedules;
mod sharing;
mod submissions;
mod support;
mod sweeper;
mod timers;
mod tokens;
mod views;
