//! How large things may be.

/// Longest source, bytes.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;
/// Most steps: the sets of who reaches whom take steps² / 4 bytes (25 MB here).
pub(super) const MAX_STEPS: usize = 10_000;
/// Longest name of a step, workbook entry or playbook, in characters.
pub(super) const MAX_NAME: usize = 128;
/// Longest catalog path, in characters.
pub(super) const MAX_PATH: usize = 255;
/// Time limit of an action unless told.
pub(super) const DEFAULT_TIMEOUT_MS: u64 = 300_000;
/// The longest that can be told, seconds.
pub(super) const MAX_TIMEOUT_S: f64 = 86_400.0;
/// Most schedules of one playbook.
pub(super) const MAX_SCHEDULES: usize = 100;
/// Most attempts a `retry` can ask for.
pub(super) const MAX_ATTEMPTS: u32 = 1_000;
