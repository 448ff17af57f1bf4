//! One client's connection: what it says ([`Inbound`]) and what it is sent ([`Outbound`]).

mod answers;
mod catch_up;
mod ephemeral;
mod inbound;
mod outbound;
mod outbox;
mod pages;
mod publishing;
mod shared;

pub(crate) use ephemeral::Key;
pub use inbound::Inbound;
pub use outbound::Outbound;
pub use outbound::Sending;
pub(crate) use outbox::Live;
pub(crate) use outbox::Outbox;
pub use outbox::Outgoing;
pub(crate) use outbox::Overflow;
pub(crate) use shared::Presence;
pub(crate) use shared::Shared;
