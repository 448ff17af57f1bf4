//! How the real-time part is: who is connected, what they are subscribed to, what waits and what was lost.

use crate::{Timestamp, Topic};
use serde::{Deserialize, Serialize};

/// Of one server, and since its start where it counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebsocketStatus {
    /// `ok` or `draining`.
    pub status: String,
    /// Open now.
    pub connections: u64,
    /// Upgrades accepted.
    pub handshakes: u64,
    /// Topics somebody is subscribed to.
    pub topics: u64,
    pub subscriptions: u64,
    /// Connections behind: served from the log until they have caught up.
    pub slow_clients: u64,
    /// Held for all connections together.
    pub queued_bytes: u64,
    /// S1's standard rooms, then those with the most subscribers, a hundred at most.
    pub rooms: Vec<RoomStatus>,
    pub buffers: BufferStatus,
    /// Ephemeral events (measurements, resource usage, progress) somebody did not get, since newer ones came or there
    /// was no room. Durable ones are never dropped.
    pub dropped: u64,
    /// Times a slow client was sent to the log.
    pub catch_ups: u64,
    /// Times a client was told that events are missing.
    pub gaps: u64,
    /// What joins this server with others: `memory` (nothing), `redis`, or `redis: away`.
    #[serde(default)]
    pub bus: String,
}

/// A topic and who is subscribed to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoomStatus {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub room: Topic,
    pub subscribers: u64,
    /// Since the start; of other rooms than the standard ones, since somebody subscribed.
    pub events: u64,
    /// The newest of them.
    #[serde(default)]
    pub last_event_at: Option<Timestamp>,
}

/// Measurements that are collected to be sent together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BufferStatus {
    /// A room's are sent when there are so many,
    pub size: u32,
    /// or when the first has waited so long.
    pub flush_interval_ms: u64,
    /// Rooms of which some wait.
    pub rooms: u64,
    /// Measurements that wait.
    pub metrics: u64,
    /// Times some were sent.
    pub flushes: u64,
}

/// Answer to a test: what was sent where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroadcastTest {
    /// Messages, one of each kind.
    pub sent: u32,
    /// The rooms they went to, with who is in there.
    pub rooms: Vec<RoomStatus>,
}
