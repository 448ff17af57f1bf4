//! Packets on their way to one client, no more than it takes.
//!
//! Engine.IO has a channel of its own in front of each transport. A full one refuses packets, the heartbeat's among
//! them, which ends the connection; and it tells nobody when there is room. So at most [`PACKETS`] or [`BYTES`] are
//! put in, then nothing until all are out: that it is empty shows in the places it lets reserve.

use super::engine::Seat;
use engineioxide::{DisconnectReason, Socket};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// Places of Engine.IO's channel.
pub(super) const CHANNEL: usize = 72;
/// Packets put in before it must be empty again.
const PACKETS: usize = 64;
/// Places that must be free to call it empty: the rest is for a ping and a close of Engine.IO's own.
const EMPTY: usize = CHANNEL - 4;
/// Bytes put in before it must be empty again; one packet may be larger.
const BYTES: usize = 64 << 10;

/// How often a full channel is looked at: soon at first, for a client that keeps up.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(32);

/// A client that takes nothing for so long, plus the time the bytes need at a very slow rate, is given up.
const STALL: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: u64 = 8 << 10;

/// Nothing more can be sent: the transport is closed, or the client does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lost;

pub(super) struct Line {
    socket: Arc<Socket<Seat>>,
    packets: usize,
    bytes: usize,
}

impl Line {
    pub(super) fn new(socket: Arc<Socket<Seat>>) -> Self {
        Self { socket, packets: 0, bytes: 0 }
    }

    /// Resolves when the packet is on its way. It is never dropped but with the connection.
    pub(super) async fn send(&mut self, packet: String) -> Result<(), Lost> {
        if self.packets >= PACKETS || (self.packets > 0 && self.bytes + packet.len() > BYTES) {
            self.taken().await?;
        }
        self.packets += 1;
        self.bytes += packet.len();
        // There is room: nobody else puts in more than the places kept for them.
        self.socket.reserve().map_err(|_| Lost)?.emit(packet.into());
        Ok(())
    }

    /// Resolves when the transport has taken everything.
    pub(super) async fn taken(&mut self) -> Result<(), Lost> {
        let patience = STALL + Duration::from_secs(self.bytes as u64 / SLOWEST_BYTES_PER_S);
        let deadline = Instant::now() + patience;
        let mut look = FIRST_LOOK;
        while !self.is_empty()? {
            if Instant::now() > deadline {
                return Err(Lost);
            }
            sleep(look).await;
            look = (look * 2).min(LAST_LOOK);
        }
        (self.packets, self.bytes) = (0, 0);
        Ok(())
    }

    /// Closes the transport, and nothing else. Engine.IO would say goodbye first, after which not every client library
    /// comes back by itself; it does not when there is no place for it.
    pub(super) fn hang_up(self) {
        let mut places = Vec::with_capacity(CHANNEL);
        while let Ok(place) = self.socket.reserve() {
            places.push(place);
        }
        self.socket.close(DisconnectReason::ClosingServer);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.socket.is_closed()
    }

    fn is_empty(&self) -> Result<bool, Lost> {
        if self.socket.is_closed() {
            return Err(Lost);
        }
        let mut places = Vec::with_capacity(EMPTY);
        while places.len() < EMPTY {
            match self.socket.reserve() {
                Ok(place) => places.push(place),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }
}
