//! The socket as the hub writes to it.

use async_trait::async_trait;
use std::io::{self, IoSlice};

/// The sending side of one connection's socket. Whoever calls holds the connection's lock, so nothing here waits
/// but `writable`.
#[async_trait]
pub trait Wire: Send + Sync + 'static {
    /// Writes what the socket takes at once.
    ///
    /// # Errors
    /// `WouldBlock` when that is nothing; anything else: the connection is lost.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// The same of several pieces, in their order.
    ///
    /// # Errors
    /// As [`Wire::try_write`].
    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Resolves when the socket may take more.
    ///
    /// # Errors
    /// The connection is lost.
    async fn writable(&self) -> io::Result<()>;
}
