//! Identities as newtypes, so that one cannot be passed for another.
//!
//! Drawing new ids needs a clock and randomness, which this crate does not have: the runtime does it.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::parse_str(text).map(Self).map_err(|_| NotAnId(text.to_owned()))
            }
        }
    };
}

/// The text given is not an id; ids are UUIDs such as `01998c4e-9c1b-7d2e-8a10-0123456789ab`.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an id: expected a UUID such as 01998c4e-9c1b-7d2e-8a10-0123456789ab")]
pub struct NotAnId(pub String);

uuid_id! {
    /// One run of a playbook. UUIDv7, so ids sort by start.
    ExecutionId
}
uuid_id! {
    /// One event. UUIDv7; a projection's id is derived from its durable event's.
    EventId
}
uuid_id! {
    /// One store commit. A retry carries the same id and cannot apply twice.
    CommitId
}
uuid_id! {
    /// One connection to the hub.
    ClientId
}

impl EventId {
    /// The id of the `kind`-th projection of this event: the same on every node and in every replay. A UUID of
    /// version 8, which no event of its own has.
    pub fn projected(self, kind: u8) -> EventId {
        let mut bytes = *self.0.as_bytes();
        bytes[15] ^= kind.wrapping_add(1);
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        EventId(Uuid::from_bytes(bytes))
    }

    /// The id of something that came without one, among others of its kind in one place.
    pub fn numbered(number: u64) -> EventId {
        EventId(Uuid::from_u128(u128::from(number)))
    }

    /// Whether it was made by [`EventId::projected`].
    pub fn is_projected(self) -> bool {
        self.0.as_bytes()[6] >> 4 == 8
    }
}

/// Place of a durable event in its epoch's gap-free sequence, from 1. 0 means "before the first".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The store's identity. Positions of different epochs do not compare; a restored backup has a new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Epoch(pub String);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
