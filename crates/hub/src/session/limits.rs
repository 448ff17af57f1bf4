//! What one client may do. Limits a client must know are in `hello`; these are generous enough not to matter
//! to one that behaves.

/// Topics subscribed or unsubscribed at once, and how many more each second. A client that comes back after a
/// restart subscribes to all it had in one go, so twice the limit of topics fits.
pub(super) const TOPIC_CHANGES_BURST_PER_TOPIC: u32 = 2;
pub(super) const TOPIC_CHANGES_MILLI_PER_S: u32 = 100_000;

/// Commands at once, and 50 more each second.
pub(super) const COMMANDS_BURST: u32 = 100;
pub(super) const COMMANDS_MILLI_PER_S: u32 = 50_000;

/// Messages published at once, and 1,000 more each second: a batch over REST carries more.
pub(super) const MESSAGES_BURST: u32 = 2_000;
pub(super) const MESSAGES_MILLI_PER_S: u32 = 1_000_000;

/// Invalid frames until the connection is closed; one is forgiven every ten seconds.
pub(super) const INVALID_BURST: u32 = 10;
pub(super) const INVALID_MILLI_PER_S: u32 = 100;

/// Frames refused for their rate until the connection is closed; one is forgiven each second.
pub(super) const REFUSED_BURST: u32 = 50;
pub(super) const REFUSED_MILLI_PER_S: u32 = 1_000;

/// Silence is answered with a ping this many times before it ends the connection.
pub(super) const PINGS_BEFORE_IDLE: u64 = 3;
