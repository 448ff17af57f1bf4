//! How much one commit may carry. Beyond it the commit is refused at once ([`crate::StoreError::Refused`]):
//! everybody else waits while one commit is written.

/// Of one event's `data` without its blobs, or of one task's payload, input or result, as JSON.
pub const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A value of an execution's event above it is a blob: stored once, and referred to.
pub const BLOB_FROM_BYTES: usize = 256 * 1024;

/// Of one blob, as JSON.
pub const MAX_BLOB_BYTES: usize = 64 * 1024 * 1024;

/// Of everything in one commit but blobs, as JSON.
pub const MAX_COMMIT_BYTES: usize = 64 * 1024 * 1024;

/// Of all blobs in one commit: an execution may start with the largest input, merged into the largest workload, and
/// end at once with the largest result.
pub const MAX_COMMIT_BLOB_BYTES: usize = 3 * MAX_BLOB_BYTES;

/// Arrays and objects within each other. Readers (serde_json among them) stop at 128, and an envelope in a frame
/// adds three.
pub const MAX_DEPTH: usize = 120;
