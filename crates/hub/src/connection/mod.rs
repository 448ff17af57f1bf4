//! One client's connection: what it says ([`Inbound`]) and what it is sent ([`Outbound`]).

mod answers;
mod catch_up;
mod ephemeral;
mod inbound;
mod outbound;
mod outbox;
mod packet;
mod pages;
mod publishing;
mod shared;
mod socket;
mod wired;

pub(crate) use ephemeral::Key;
pub use inbound::Inbound;
pub use outbound::Outbound;
pub use outbound::Outgoing;
pub use outbound::Sending;
pub(crate) use outbox::Live;
pub(crate) use outbox::Outbox;
pub(crate) use outbox::Overflow;
pub(crate) use packet::Packet;
pub(crate) use shared::Presence;
pub(crate) use shared::Shared;
pub use wired::Lost;
pub use wired::Wired;
