//! Several frames as one message, one a line, for clients that read that (`protocol::frame::batch`).
//!
//! Never compressed: who gets what together is different from client to client, and it would be compressed for each
//! anew. A frame that is worth it by itself was compressed once for everybody, and stays a message of its own.

use super::{Frame, frame::message_of};
use bytes::Bytes;

/// Bytes of a message of several frames at most: a frame that does not fit comes in the next, a larger one alone.
const MESSAGE_BYTES: usize = 64 << 10;

/// These frames in their order, as few messages as that takes.
pub(crate) fn joined<'a>(frames: impl IntoIterator<Item = &'a Frame>, deflate: bool) -> Vec<Bytes> {
    let mut messages = Vec::new();
    let mut run = Run::default();
    for frame in frames {
        let stays_alone = frame.len() > MESSAGE_BYTES || deflate && frame.is_compressed();
        if stays_alone || run.bytes + frame.len() > MESSAGE_BYTES {
            messages.extend(std::mem::take(&mut run).message());
        }
        if stays_alone {
            messages.push(frame.bytes(deflate).clone());
        } else {
            run.bytes += frame.len() + 1;
            run.frames.push(frame);
        }
    }
    messages.extend(run.message());
    messages
}

/// Frames that become one message.
#[derive(Default)]
struct Run<'a> {
    frames: Vec<&'a Frame>,
    /// Of their texts, each with the end of its line.
    bytes: usize,
}

impl Run<'_> {
    fn message(self) -> Option<Bytes> {
        match &self.frames[..] {
            [] => None,
            [one] => Some(one.bytes(false).clone()),
            [first, others @ ..] => Some(message_of(self.bytes - 1, |text| {
                text.extend_from_slice(first.text_bytes());
                for frame in others {
                    text.push(b'\n');
                    text.extend_from_slice(frame.text_bytes());
                }
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(texts: &[&str]) -> Vec<Frame> {
        texts.iter().map(|text| Frame::text_of(text.as_bytes())).collect()
    }

    #[test]
    fn frames_are_lines_of_one_message() {
        assert_eq!(joined(&frames(&[]), true), Vec::<Bytes>::new());
        let one = frames(&["{1}"]);
        assert_eq!(joined(&one, false)[0].as_ptr(), one[0].bytes(false).as_ptr(), "as it is");
        assert_eq!(joined(&frames(&["{1}", "{}", "{3}"]), false), [&b"\x81\x0a{1}\n{}\n{3}"[..]]);
        let long = "x".repeat(100);
        let header = [0x81, 126, 0, 201];
        assert_eq!(joined(&frames(&[&long, &long]), false), [[&header, format!("{long}\n{long}").as_bytes()].concat()]);
    }

    #[test]
    fn a_message_of_several_has_a_largest_size_and_a_larger_frame_is_alone() {
        let (half, large) = ("x".repeat(MESSAGE_BYTES / 2), "y".repeat(MESSAGE_BYTES + 1));
        let rest = "z".repeat(MESSAGE_BYTES / 2 - 1);
        for (texts, expect) in [
            (vec![&half, &rest, &rest], vec![format!("{half}\n{rest}"), rest.clone()]),
            (vec![&half, &half], vec![half.clone(), half.clone()]),
            (vec![&rest, &large, &rest, &rest], vec![rest.clone(), large.clone(), format!("{rest}\n{rest}")]),
        ] {
            let frames: Vec<Frame> = texts.into_iter().map(|text| Frame::text_of(text.as_bytes())).collect();
            let expect: Vec<Bytes> =
                expect.iter().map(|text| Frame::text_of(text.as_bytes()).bytes(false).clone()).collect();
            assert!(joined(&frames, false) == expect);
            assert!(expect.iter().all(|message| message.len() <= 10 + MESSAGE_BYTES || message.ends_with(b"y")));
        }
    }

    #[test]
    fn what_is_compressed_is_compressed_once_and_stays_where_it_is() {
        let large = "much the same ".repeat(200);
        let frames = frames(&["{1}", "{2}", &large, "{4}"]);
        let messages = joined(&frames, true);
        assert_eq!((messages.len(), messages[0].as_ref()), (3, &b"\x81\x07{1}\n{2}"[..]));
        assert_eq!((messages[1][0], messages[1].as_ptr()), (0xC1, frames[2].bytes(true).as_ptr()));
        assert_eq!(messages[2].as_ref(), b"\x81\x03{4}");
        assert_eq!(joined(&frames, false).len(), 1, "who reads nothing compressed gets one message");
    }
}
