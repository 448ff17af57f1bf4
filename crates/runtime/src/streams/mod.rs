//! S1's streams: what other programs tell of their agents, workflows, memories, metrics and troubles.
//!
//! A message that matters later (a change of an agent, a workflow's progress, a memory, an alert) is an event of the
//! log: committed, then published. A measurement has no position: it is shown to who looks, and rolled up.

mod agents;
mod charts;
mod machine;
mod message;
mod meter;
mod publish;
mod rate;
mod rollup;
mod status;
mod troubles;

pub(crate) use agents::Agents;
pub(crate) use meter::Meter;
pub(crate) use rate::Rates;
pub(crate) use rollup::{RESOLUTIONS, Rollup};
pub(crate) use troubles::tell_all;
pub use troubles::{Trouble, Troubles};

/// What can be set about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Messages one publisher may send each second, and twice as many at once. `None`: as many as the store takes.
    pub messages_per_s: Option<u32>,
}

impl Default for Streams {
    fn default() -> Self {
        // A tenth of what one store takes, and enough for a thousand agents.
        Self { messages_per_s: Some(5_000) }
    }
}
