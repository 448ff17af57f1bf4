//! Counts, in debug builds, what decisions look at one after the other: tests tell linear work from quadratic work by
//! it, without a clock.

use std::cell::Cell;

thread_local! {
    static LOOKS: Cell<u64> = const { Cell::new(0) };
}

/// Steps, visits and pieces of work that this thread has looked at in a row; always 0 in a release build.
pub fn looks() -> u64 {
    LOOKS.get()
}

/// One more.
pub(crate) fn look() {
    if cfg!(debug_assertions) {
        LOOKS.set(LOOKS.get() + 1);
    }
}
