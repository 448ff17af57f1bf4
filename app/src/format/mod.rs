//! How numbers and times read on screen.

mod number;
mod time;

pub(crate) use number::bytes;
pub(crate) use number::count;
pub(crate) use number::short_id;
pub(crate) use time::Zone;
pub(crate) use time::ago;
pub(crate) use time::ahead;
pub(crate) use time::clock;
pub(crate) use time::clock_ms;
pub(crate) use time::duration;
pub(crate) use time::exact;
#[cfg(feature = "ssr")]
pub(crate) use time::minute;
