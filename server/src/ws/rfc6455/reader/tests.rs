//! Whole conversations, cut at every border there is.

use super::*;
use flate2::{Compress, Compression, FlushCompress};

const LIMIT: usize = 1_000;
const MASK: [u8; 4] = [0x12, 0xAB, 0x00, 0xFF];

/// A masked frame; `first`: FIN, reserved bits and opcode.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 100);
    Compress::new(Compression::default(), false).compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

/// What is read when the bytes come in two parts, for every border, and one by one.
fn check(deflate: bool, frames: &[Vec<u8>], expected: &[Incoming]) {
    let bytes = frames.concat();
    for border in 0..bytes.len() {
        let (one, two) = bytes.split_at(border);
        assert_eq!(read(deflate, [one, two].into_iter()), Ok(expected.to_vec()), "cut at {border}");
    }
    assert_eq!(read(deflate, bytes.chunks(1)), Ok(expected.to_vec()), "byte by byte");
}

/// What is read before it breaks, and with which code.
fn check_broken(deflate: bool, frames: &[Vec<u8>], code: u16) {
    let bytes = frames.concat();
    for result in [read(deflate, bytes.chunks(1)), read(deflate, [bytes.as_slice()].into_iter())] {
        assert_eq!(result.map_err(|broken| broken.code), Err(code), "{bytes:02x?}");
    }
}

fn read<'a>(deflate: bool, parts: impl Iterator<Item = &'a [u8]>) -> Result<Vec<Incoming>, Broken> {
    let mut reader = Reader::new(LIMIT, deflate);
    let mut all = Vec::new();
    for mut part in parts {
        while let Some(incoming) = reader.read(&mut part)? {
            all.push(incoming);
        }
        assert!(part.is_empty(), "everything is taken");
    }
    Ok(all)
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

#[test]
fn messages_and_control_frames_come_in_their_order() {
    check(
        false,
        &[
            frame(0x81, "grüß dich".as_bytes()),
            frame(0x82, &[0, 159]),
            frame(0x81, b""),
            frame(0x89, b"are you there"),
            frame(0x8A, b""),
            frame(0x81, "ü".repeat(200).as_bytes()),
            frame(0x88, &[3, 232, b'b', b'y', b'e']),
        ],
        &[
            text("grüß dich"),
            Incoming::Binary,
            text(""),
            Incoming::Ping(b"are you there".to_vec()),
            Incoming::Pong,
            text(&"ü".repeat(200)),
            Incoming::Close(Some(1000)),
        ],
    );
}

#[test]
fn fragments_are_one_message_and_control_frames_come_between() {
    let sharp = "ß".as_bytes();
    check(
        false,
        &[
            frame(0x01, b"a"),
            frame(0x00, b""),
            frame(0x89, b"1"),
            frame(0x00, &sharp[..1]),
            frame(0x8A, b"2"),
            frame(0x00, &sharp[1..]),
            frame(0x80, b""),
            frame(0x02, b"x"),
            frame(0x80, b"y"),
        ],
        &[Incoming::Ping(b"1".to_vec()), Incoming::Pong, text("aß"), Incoming::Binary],
    );
}

#[test]
fn compressed_messages_are_read_whole_or_in_fragments() {
    let said = "the same again and again, ".repeat(30);
    let packed = deflated(said.as_bytes());
    let (one, two) = packed.split_at(packed.len() / 2);
    check(
        true,
        &[
            frame(0xC1, &packed),
            frame(0x41, one),
            frame(0x89, b""),
            frame(0x80, two),
            frame(0x81, b"plain"),
            frame(0xC1, &deflated(b"")),
        ],
        &[text(&said), Incoming::Ping(Vec::new()), text(&said), text("plain"), text("")],
    );
}

#[test]
fn wrong_frames_break_the_connection() {
    for frames in [
        vec![vec![0x81, 0x02, b'{', b'}']],
        vec![frame(0xC1, b"")],
        vec![frame(0xA1, b"")],
        vec![frame(0x91, b"")],
        vec![frame(0x83, b"")],
        vec![frame(0x8B, b"")],
        vec![frame(0x80, b"")],
        vec![frame(0x09, b"")],
        vec![frame(0x89, &[0; 126])],
        vec![frame(0x88, &[3])],
        vec![frame(0x88, &[3, 237])],
        vec![frame(0x01, b"a"), frame(0x81, b"b")],
        vec![frame(0x01, b"a"), frame(0x02, b"b")],
        // A length in more bytes than it needs, and one with its first bit set.
        vec![vec![0x81, 0xFE, 0, 5, 0, 0, 0, 0]],
        vec![vec![0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]],
        vec![vec![0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ] {
        check_broken(false, &frames, 1002);
    }
    for frames in [vec![frame(0x41, b"a"), frame(0xC0, b"b")], vec![frame(0xC9, b"")], vec![frame(0xE1, b"")]] {
        check_broken(true, &frames, 1002);
    }
}

#[test]
fn what_is_wrong_is_found_with_its_first_byte() {
    for bytes in [&[0x83_u8][..], &[0xC1], &[0x81, 0x00], &[0x89, 0xFE], &[0x08, 0x80]] {
        assert_eq!(read(false, [bytes].into_iter()).unwrap_err().code, 1002, "{bytes:02x?}");
    }
    // A whole message of 900 bytes was announced; the third is no UTF-8.
    let begun = frame(0x81, &[b'a', b'b', 0xFF, b'c'].repeat(225));
    assert_eq!(read(false, [&begun[..11]].into_iter()).unwrap_err().code, 1007);
}

#[test]
fn text_is_utf_8() {
    for wrong in [
        &b"\xC3\x28"[..],
        b"\xED\xA0\x80",
        b"\xF4\x90\x80\x80",
        b"\xC0\xAF",
        b"\xFF",
        // The end of a character is missing.
        b"\xE2\x82",
    ] {
        check_broken(false, &[frame(0x81, wrong)], 1007);
        check_broken(true, &[frame(0xC1, &deflated(wrong))], 1007);
        let (one, two) = wrong.split_at(1);
        check_broken(false, &[frame(0x01, one), frame(0x80, two)], 1007);
    }
    check_broken(false, &[frame(0x88, &[3, 232, 0xC3])], 1007);
    check_broken(true, &[frame(0xC1, &[0xFF; 20])], 1007);
}

#[test]
fn messages_over_the_limit_are_refused_with_their_header() {
    check(false, &[frame(0x82, &[0; LIMIT])], &[Incoming::Binary]);
    check_broken(false, &[frame(0x81, &[b'x'; LIMIT + 1])], 1009);
    check_broken(false, &[frame(0x01, &[b'x'; LIMIT]), frame(0x00, b"x")], 1009);
    check_broken(
        false,
        &[vec![0x81, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0]].map(|header| [header, MASK.to_vec()].concat()),
        1009,
    );
    // A few bytes that say many.
    check_broken(true, &[frame(0xC1, &deflated(&[b'x'; LIMIT + 1]))], 1009);
    check(true, &[frame(0xC1, &deflated(&[b'x'; LIMIT]))], &[text(&"x".repeat(LIMIT))]);
}

#[test]
fn an_idle_reader_holds_nothing() {
    let mut reader = Reader::new(LIMIT, true);
    let bytes = [frame(0x81, &[b'x'; 900]), frame(0x89, b"ping")].concat();
    let mut input = bytes.as_slice();
    while reader.read(&mut input).unwrap().is_some() {}
    assert!(reader.message.is_none() && reader.frame.is_none());
    assert_eq!(reader.control.capacity(), 0);
}
