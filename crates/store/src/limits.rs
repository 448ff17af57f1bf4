//! How much one commit may carry. Beyond it the commit is refused at once ([`crate::StoreError::Refused`]):
//! everybody else waits while one commit is written.

/// Of one event's `data`, or of one task's payload, input or result, as JSON.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// Of everything in one commit, as JSON.
pub const MAX_COMMIT_BYTES: usize = 64 * 1024 * 1024;

/// Arrays and objects within each other. Readers (serde_json among them) stop at 128, and an envelope in a frame
/// adds three.
pub const MAX_DEPTH: usize = 120;
