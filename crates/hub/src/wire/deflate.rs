//! Compression of one message (RFC 7692), without context takeover: what comes out is the same for every client.

use flate2::{Compress, Compression, FlushCompress, Status};
use std::cell::RefCell;

/// Smaller messages are sent as they are: they gain a few hundred bytes and fit one packet either way.
const FROM_BYTES: usize = 1 << 10;

/// Fast: the text is JSON, which the next levels make a tenth smaller in twice the time.
const LEVEL: u32 = 1;

thread_local! {
    /// A compressor's tables are large and made to be used again.
    static COMPRESS: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// The payload of a compressed message; `None` where it is not worth it.
pub(super) fn deflated(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() < FROM_BYTES {
        return None;
    }
    COMPRESS.with_borrow_mut(|compress| {
        compress.reset();
        let mut out = Vec::with_capacity(text.len() / 3 + 64);
        loop {
            let taken = usize::try_from(compress.total_in()).expect("no more than the text");
            let status = compress.compress_vec(&text[taken..], &mut out, FlushCompress::Sync).ok()?;
            let all_taken = compress.total_in() == text.len() as u64;
            // Room that is left says that nothing is held back.
            if all_taken && out.len() < out.capacity() {
                break;
            }
            if status == Status::StreamEnd || out.len() >= text.len() {
                return None;
            }
            out.reserve(text.len() / 3 + 64);
        }
        // The empty block a flush ends with is left away, the receiver adds it.
        let end = out.len().checked_sub(4).filter(|at| out[*at..] == [0, 0, 0xFF, 0xFF])?;
        out.truncate(end);
        (out.len() < text.len()).then_some(out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    fn inflated(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.extend([0, 0, 0xFF, 0xFF]);
        let mut out = Vec::with_capacity(1 << 20);
        Decompress::new(false).decompress_vec(&bytes, &mut out, FlushDecompress::Sync).unwrap();
        out
    }

    #[test]
    fn what_is_compressed_comes_out_as_it_was_each_time_alike() {
        for length in [1024, 5_000, 100_000, 700_000] {
            let text: Vec<u8> = (0..length).map(|at| b"{\"agentId\":\"a\",\"n\":0123456789}"[at * at % 31]).collect();
            let first = deflated(&text).unwrap();
            assert!(first.len() < text.len() / 2);
            assert_eq!(inflated(first.clone()), text);
            assert_eq!(deflated(&text).unwrap(), first, "no context is kept");
        }
    }

    #[test]
    fn what_is_small_or_does_not_shrink_stays_as_it_is() {
        assert_eq!(deflated(&[b'x'; 1023]), None);
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(5_000)
        .collect();
        assert_eq!(deflated(&noise), None);
    }
}
