//! Resume: what a pause held back goes on.

use crate::evaluate::Turn;

pub(super) fn resume(_turn: &mut Turn<'_>, _by: String) {}
