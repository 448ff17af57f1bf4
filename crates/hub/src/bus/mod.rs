//! The bus: what is published comes in, and goes to everybody who subscribed.

mod activity;
mod core;
mod counters;
mod fan_out;
mod input;
mod metrics;
mod table;
mod turn;

pub(crate) use self::core::Core;
pub(crate) use fan_out::FanOut;
pub(crate) use fan_out::Receivers;
pub(crate) use input::Input;
pub(crate) use input::Start;
