//! Where one reads.

use leptos::prelude::*;

/// Scrolled no further than this is the top, in pixels.
const NEAR_PX: f64 = 80.0;

/// One reads the top of the page: what comes in there is seen, and moves nothing that is read.
pub(crate) fn is_at_top() -> bool {
    window().scroll_y().is_ok_and(|y| y < NEAR_PX)
}

pub(crate) fn to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}
