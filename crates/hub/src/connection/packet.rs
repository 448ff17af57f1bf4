//! What one connection gets of a turn of the hub's task.

use super::outbox::Live;
use bytes::Bytes;
use protocol::Position;

/// Some of a turn's events, in position order, at least one.
pub(crate) struct Packet<'a> {
    /// The turn's events.
    pub(crate) events: &'a [Live],
    /// Which of them: bit by bit.
    pub(crate) due: u64,
    /// Their frames joined, the way the client reads them; `None`: too large to be written at once.
    pub(crate) joined: Option<&'a Bytes>,
}

impl<'a> Packet<'a> {
    pub(crate) fn events(&self) -> impl Iterator<Item = &'a Live> + use<'a> {
        let (events, mut due) = (self.events, self.due);
        std::iter::from_fn(move || {
            let at = due.trailing_zeros() as usize;
            due &= due.wrapping_sub(1);
            events.get(at)
        })
    }

    pub(crate) fn first(&self) -> Position {
        self.events.get(self.due.trailing_zeros() as usize).map_or(Position(0), |event| event.position)
    }
}
