//! A bounded pipe to a socket that can only be written to by who owns it (TLS): the hub writes into it, and a pump
//! writes on.

use async_trait::async_trait;
use hub::Wire;
use std::{
    io::{self, ErrorKind, IoSlice},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::Notify,
};

/// What is written at once; like what the system holds for a TCP socket.
const BYTES: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Pipe {
    state: Mutex<State>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Nothing follows.
    finished: bool,
    broken: bool,
}

impl Pipe {
    /// Writes on what is written into the pipe, until it is finished or the socket breaks.
    pub(super) async fn pump(&self, mut socket: impl AsyncWrite + Unpin) {
        loop {
            let bytes = std::mem::take(&mut self.state().bytes);
            if bytes.is_empty() {
                if self.state().finished {
                    // A connection that is gone needs no end.
                    let _ = socket.shutdown().await;
                    return;
                }
                self.filled.notified().await;
                continue;
            }
            self.emptied.notify_one();
            if socket.write_all(&bytes).await.is_err() || socket.flush().await.is_err() {
                self.state().broken = true;
                self.emptied.notify_one();
                return;
            }
        }
    }

    pub(super) fn finish(&self) {
        self.state().finished = true;
        self.filled.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Wire for Pipe {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if state.broken {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let count = bytes.len().min(BYTES.saturating_sub(state.bytes.len()));
        if count == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.bytes.extend_from_slice(&bytes[..count]);
        drop(state);
        self.filled.notify_one();
        Ok(count)
    }

    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut written = 0;
        for piece in pieces {
            match self.try_write(piece) {
                Ok(count) => written += count,
                Err(error) if written == 0 => return Err(error),
                Err(_) => break,
            }
            if written % BYTES == 0 && written > 0 {
                break;
            }
        }
        Ok(written)
    }

    async fn writable(&self) -> io::Result<()> {
        loop {
            {
                let state = self.state();
                if state.broken || state.bytes.len() < BYTES {
                    return Ok(());
                }
            }
            self.emptied.notified().await;
        }
    }
}
