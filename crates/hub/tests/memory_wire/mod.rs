//! A socket in memory that takes as much as it likes, and a reader of what was written to it.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use crate::memory_log::Random;
use async_trait::async_trait;
use flate2::{Decompress, FlushDecompress};
use hub::Wire;
use std::{
    io::{self, ErrorKind, IoSlice},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::Notify;

/// Holds up to `capacity` bytes; a write takes a random part of what it is given, at times nothing.
pub struct MemoryWire {
    capacity: usize,
    state: Mutex<(Vec<u8>, Random)>,
    filled: Notify,
    emptied: Notify,
    writes: AtomicU64,
}

impl MemoryWire {
    pub fn new(capacity: usize, random: Random) -> Arc<Self> {
        Arc::new(Self {
            capacity,
            state: Mutex::new((Vec::new(), random)),
            filled: Notify::new(),
            emptied: Notify::new(),
            writes: AtomicU64::new(0),
        })
    }

    /// What was written since, at least a byte.
    pub async fn read(&self) -> Vec<u8> {
        loop {
            let bytes = std::mem::take(&mut self.state.lock().unwrap().0);
            if !bytes.is_empty() {
                self.emptied.notify_one();
                return bytes;
            }
            self.filled.notified().await;
        }
    }

    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Wire for MemoryWire {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let (held, random) = &mut *self.state.lock().unwrap();
        let room = (self.capacity - held.len()).min(bytes.len());
        let taken = match random.below(4) {
            0 => random.below(room as u64 + 1) as usize,
            _ => room,
        };
        if taken == 0 && !bytes.is_empty() {
            // Woken again though nothing was read, as sockets may be.
            if held.len() < self.capacity {
                self.emptied.notify_one();
            }
            return Err(ErrorKind::WouldBlock.into());
        }
        held.extend_from_slice(&bytes[..taken]);
        self.filled.notify_one();
        Ok(taken)
    }

    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.try_write(&joined)
    }

    async fn writable(&self) -> io::Result<()> {
        self.emptied.notified().await;
        Ok(())
    }
}

/// What a server may send, frame by frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Text(String),
    Ping,
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

/// Understands a server's bytes in pieces of any size.
#[derive(Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Frame> {
        self.0.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some((frame, length)) = first(&self.0) {
            self.0.drain(..length);
            frames.push(frame);
        }
        frames
    }
}

/// The first frame, if it is whole, and its length.
fn first(bytes: &[u8]) -> Option<(Frame, usize)> {
    let number = |range: std::ops::Range<usize>| -> Option<usize> {
        Some(bytes.get(range)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    };
    let (header, length) = match *bytes.get(1)? {
        126 => (4, number(2..4)?),
        127 => (10, number(2..10)?),
        length => (2, usize::from(length)),
    };
    let payload = bytes.get(header..header + length)?.to_vec();
    let text = |bytes| Frame::Text(String::from_utf8(bytes).unwrap());
    let frame = match bytes[0] {
        0x81 => text(payload),
        0xC1 => text(inflated(payload)),
        0x88 => Frame::Close(payload),
        0x89 => Frame::Ping,
        0x8A => Frame::Pong(payload),
        first => panic!("no frame of a server begins with {first:#x}"),
    };
    Some((frame, header + length))
}

fn inflated(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.extend([0, 0, 0xFF, 0xFF]);
    let mut out = Vec::with_capacity(4 << 20);
    Decompress::new(false).decompress_vec(&bytes, &mut out, FlushDecompress::Sync).unwrap();
    out
}
