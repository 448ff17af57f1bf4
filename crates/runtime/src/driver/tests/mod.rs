//! The driver, step by step: which letters are in a mailbox and which commits are durable is the test's to say.

mod clock;
mod mailbox;
mod owning;
mod queue;
mod recovering;
mod scene;
