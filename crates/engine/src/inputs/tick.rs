//! Tick: time has passed.

use crate::evaluate::Turn;

/// Nothing waits for time yet; providers keep their tasks' time limits.
pub(super) fn tick(_turn: &mut Turn<'_>) {}
