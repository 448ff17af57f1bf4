//! Whether the server is going away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Cheap to clone; begins once, never ends.
#[derive(Clone, Debug, Default)]
pub struct Drain(Arc<AtomicBool>);

impl Drain {
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
