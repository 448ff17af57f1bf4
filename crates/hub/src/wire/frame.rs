//! Messages of the server as frames: never masked, never fragmented.

use super::deflate::deflated;
use bytes::Bytes;
use serde::Serialize;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

const FIN: u8 = 0x80;
const COMPRESSED: u8 = 0x40;
const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The longest header without a mask.
const HEADER: usize = 10;

/// What a control frame carries at most.
const CONTROL: usize = 125;

/// One text message. Cheap to clone: the bytes are made once for everybody it goes to, the compressed ones when
/// the first client that wants them does.
#[derive(Clone)]
pub(crate) struct Frame(Arc<Framed>);

struct Framed {
    /// Header and text.
    plain: Bytes,
    /// Bytes of the header.
    header: usize,
    /// Header and compressed text; `None` within: it is not worth it.
    deflated: OnceLock<Option<Bytes>>,
}

impl Frame {
    /// The JSON of a value.
    pub(crate) fn json(value: &impl Serialize) -> Self {
        let mut bytes = vec![0; HEADER];
        serde_json::to_writer(&mut bytes, value).expect("frames have string keys and no failing types");
        Self::behind(bytes)
    }

    /// Text that is there already.
    pub(crate) fn text_of(text: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(HEADER + text.len());
        bytes.resize(HEADER, 0);
        bytes.extend_from_slice(text);
        Self::behind(bytes)
    }

    /// Text behind room for a header, which ends where the text begins.
    fn behind(mut bytes: Vec<u8>) -> Self {
        let (header, length) = header(TEXT, bytes.len() - HEADER);
        let from = HEADER - length;
        bytes[from..HEADER].copy_from_slice(&header[..length]);
        Self(Arc::new(Framed { plain: Bytes::from(bytes).slice(from..), header: length, deflated: OnceLock::new() }))
    }

    pub(crate) fn text(&self) -> Bytes {
        self.0.plain.slice(self.0.header..)
    }

    pub(super) fn text_bytes(&self) -> &[u8] {
        &self.0.plain[self.0.header..]
    }

    /// Bytes of the text.
    pub(crate) fn len(&self) -> usize {
        self.0.plain.len() - self.0.header
    }

    /// What goes to the socket of a client that reads compressed messages, or not.
    pub(crate) fn bytes(&self, deflate: bool) -> &Bytes {
        if !deflate {
            return &self.0.plain;
        }
        let deflated = self.0.deflated.get_or_init(|| {
            let payload = deflated(&self.0.plain[self.0.header..])?;
            Some(framed(TEXT | COMPRESSED, &payload))
        });
        deflated.as_ref().unwrap_or(&self.0.plain)
    }

    /// Who reads compressed messages gets it as one.
    pub(super) fn is_compressed(&self) -> bool {
        self.bytes(true)[0] & COMPRESSED != 0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Frame").field(&self.text()).finish()
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.0.plain == other.0.plain
    }
}

pub(crate) fn ping() -> Bytes {
    Bytes::from_static(&[FIN | PING, 0])
}

/// The answer to a ping, with its payload.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    framed(PONG, &payload[..payload.len().min(CONTROL)])
}

/// 1005 is the code of a close that has none.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    if code == 1005 {
        return framed(CLOSE, &[]);
    }
    let mut end = reason.len().min(CONTROL - 2);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    framed(CLOSE, &payload)
}

/// A text message of so many bytes, which `write` appends.
pub(super) fn message_of(length: usize, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let (header, from) = header(TEXT, length);
    let mut bytes = Vec::with_capacity(from + length);
    bytes.extend_from_slice(&header[..from]);
    write(&mut bytes);
    debug_assert_eq!(bytes.len(), from + length, "the header says how many there are");
    bytes.into()
}

fn framed(first: u8, payload: &[u8]) -> Bytes {
    let (header, length) = header(first, payload.len());
    [&header[..length], payload].concat().into()
}

/// The header of a whole message, and its length.
fn header(first: u8, payload: usize) -> ([u8; HEADER], usize) {
    let mut header = [0; HEADER];
    header[0] = FIN | first;
    match payload {
        0..=125 => {
            header[1] = payload as u8;
            (header, 2)
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
            (header, 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_encoded_in_the_fewest_bytes() {
        for (length, header) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xFF, 0xFF]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = vec![b'x'; length];
            let frame = Frame::text_of(&text);
            assert_eq!(frame.bytes(false)[..header.len()], header);
            assert_eq!(frame.bytes(false).len(), header.len() + length);
            assert_eq!((frame.text().as_ref(), frame.len()), (text.as_slice(), length));
        }
        let frame = Frame::json(&serde_json::json!({"a": "x".repeat(300)}));
        assert_eq!(frame, Frame::text_of(&frame.text()));
    }

    #[test]
    fn a_compressed_frame_says_so_and_is_made_once() {
        let frame = Frame::text_of(&[b'x'; 5_000]);
        assert_eq!(frame.bytes(true)[0], 0xC1);
        assert_eq!(frame.bytes(true).as_ptr(), frame.clone().bytes(true).as_ptr());
        let small = Frame::text_of(b"{}");
        assert_eq!(small.bytes(true), small.bytes(false));
    }

    #[test]
    fn control_frames_fit_their_limit() {
        assert_eq!(pong(b"hi").as_ref(), [0x8A, 2, b'h', b'i']);
        assert_eq!(close(1005, "").as_ref(), [0x88, 0]);
        assert_eq!(close(4000, "ö").as_ref(), [0x88, 4, 0x0F, 0xA0, 0xC3, 0xB6]);
        let long = close(1002, &"ö".repeat(100));
        assert_eq!((long.len(), long[1]), (126, 124), "cut at a character's border");
    }
}
