//! Pause: nothing new begins until it is resumed.

use crate::evaluate::Turn;

pub(super) fn pause(_turn: &mut Turn<'_>, _reason: String, _by: String) {}
