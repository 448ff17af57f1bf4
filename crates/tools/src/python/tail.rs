//! The end of what a process wrote: as much as a log keeps, and how much went before it.

use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of one stream that are kept. A step's logs travel in an event and are shown on a page; whoever writes
/// more than this wants a file.
pub(crate) const LOG_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    omitted: u64,
}

impl Kept {
    fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > 2 * LOG_BYTES {
            self.trim();
        }
    }

    fn trim(&mut self) {
        let mut cut = self.bytes.len().saturating_sub(LOG_BYTES);
        // Not in the middle of a UTF-8 character.
        while cut > 0 && cut < self.bytes.len() && self.bytes[cut] & 0xC0 == 0x80 {
            cut += 1;
        }
        self.bytes.drain(..cut);
        self.omitted += cut as u64;
    }
}

/// Shared by the reading task and whoever wants the text, also when the reading never ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<Kept>>);

impl Tail {
    /// Reads to the end; a read error counts as the end.
    pub(crate) async fn fill(self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 32 * 1024];
        while let Ok(n @ 1..) = stream.read(&mut chunk).await {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(&chunk[..n]);
        }
    }

    /// The text kept and the number of bytes before it. Bytes that are no UTF-8 become U+FFFD.
    pub(crate) fn take(&self) -> (String, u64) {
        let mut kept = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        kept.trim();
        (String::from_utf8_lossy(&kept.bytes).into_owned(), kept.omitted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_end_and_counts_the_rest() {
        for (input, omitted) in [
            ("ab".to_owned(), 0),
            ("x".repeat(LOG_BYTES), 0),
            ("x".repeat(LOG_BYTES + 7), 7),
            ("x".repeat(5 * LOG_BYTES + 3), 4 * LOG_BYTES as u64 + 3),
            // 3 bytes each: the cut moves on to the next character.
            ("€".repeat(LOG_BYTES), 2 * LOG_BYTES as u64 + 1),
        ] {
            let tail = Tail::default();
            tail.clone().fill(input.as_bytes()).await;
            let (text, left_out) = tail.take();
            assert!(input.ends_with(&text) && text.len() <= LOG_BYTES);
            assert_eq!(text.len() as u64 + left_out, input.len() as u64);
            assert!(left_out.abs_diff(omitted) < 4, "{left_out} {omitted}");
        }
    }
}
