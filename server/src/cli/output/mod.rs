//! What commands print. Results go to stdout, everything about the way there to stderr; colours on a terminal
//! only, and never with `NO_COLOR`.

pub(super) mod diagnostics;
pub(super) mod duration;
pub(super) mod line;
pub(super) mod progress;
pub(super) mod status;
pub(super) mod table;
