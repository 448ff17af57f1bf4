//! A compressed message of a client, whose compressor keeps no context (RFC 7692).

use super::Broken;
use flate2::{Decompress, FlushDecompress, Status};
use std::cell::RefCell;

thread_local! {
    /// A decompressor's window is 32 KiB, and made to be used again.
    static DECOMPRESS: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// The message, of at most `limit` bytes: a few hundred bytes can say a megabyte.
pub(super) fn inflated(mut bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>, Broken> {
    // The sender leaves the end of its flush away.
    bytes.extend([0, 0, 0xFF, 0xFF]);
    DECOMPRESS.with_borrow_mut(|decompress| {
        decompress.reset(false);
        let mut out = Vec::with_capacity(bytes.len().saturating_mul(4).min(limit + 1));
        loop {
            let taken = usize::try_from(decompress.total_in()).expect("no more than there is");
            let status = decompress
                .decompress_vec(&bytes[taken..], &mut out, FlushDecompress::Sync)
                .map_err(|_| Broken::payload("a compressed message that is not deflate"))?;
            if out.len() > limit {
                return Err(Broken::too_large());
            }
            let all_taken = decompress.total_in() == bytes.len() as u64;
            // Room that is left says that nothing is held back.
            if status == Status::StreamEnd || (all_taken && out.len() < out.capacity()) {
                return Ok(out);
            }
            if status == Status::BufError && out.len() < out.capacity() {
                return Err(Broken::payload("a compressed message that ends too early"));
            }
            out.reserve(out.len().clamp(256, limit + 1 - out.len().min(limit)));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, FlushCompress};

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len() + 1_000);
        Compress::new(Compression::best(), false).compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
        out.truncate(out.len() - 4);
        out
    }

    #[test]
    fn messages_come_out_as_they_were_one_after_the_other() {
        for length in [0, 1, 100, 65_536] {
            let text: Vec<u8> = (0..length).map(|at: u64| (at * at / 7) as u8).collect();
            assert_eq!(inflated(deflated(&text), 65_536), Ok(text));
        }
    }

    #[test]
    fn a_bomb_is_too_large_and_noise_is_no_message() {
        let bomb = deflated(&vec![0; 10 << 20]);
        assert!(bomb.len() < 11_000);
        assert_eq!(inflated(bomb, 65_536).unwrap_err().code, 1009);
        assert_eq!(inflated(vec![0xFF; 50], 65_536).unwrap_err().code, 1007);
    }
}
