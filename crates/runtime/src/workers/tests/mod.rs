//! Workers, seen from both sides: the test plays the driver and the worker, and time passes when it says so.
#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod leases;
mod progress;
mod scene;
