//! A TCP socket that the hub writes to itself.

use async_trait::async_trait;
use hub::Wire;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::net::{SendFlags, send};
use socket2::SockRef;
use std::{
    io::{self, IoSlice},
    net::Shutdown,
};
use tokio::net::TcpStream;

/// Bytes the system may hold that were not sent yet. It would hold 4 MB for a client that is slow: what waits there
/// cannot be dropped in favour of the log.
const UNSENT_BYTES: u32 = 128 << 10;

pub(super) struct Tcp(TcpStream);

impl Tcp {
    pub(super) fn new(stream: TcpStream) -> Self {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            tracing::debug!("the system holds what it likes for a slow client: {error}");
        }
        Self(stream)
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    pub(super) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(bytes)
    }

    /// Nothing follows.
    pub(super) fn finish(&self) {
        // A connection that is gone needs no end.
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Write);
    }
}

#[async_trait]
impl Wire for Tcp {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        // Not through tokio, which looks first at what it last heard of the socket, far away in memory. What the socket
        // does not take is next written with the call below, which finds that out for tokio too before it waits.
        Ok(send(&self.0, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?)
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }
}
