//! Frames of RFC 6455, read and written by hand: nothing should cost the clients much.

/// The payload of the first frame, its opcode, and the length of the whole; `None` while it is not whole.
pub(super) fn first(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let second = *bytes.get(1)?;
    let (header, length) = match second & 0x7F {
        126 => (4_usize, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        127 => {
            let length = bytes.get(2..10)?.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
            (10, usize::try_from(length).unwrap_or(usize::MAX))
        }
        short => (2, usize::from(short)),
    };
    let payload = bytes.get(header..header.checked_add(length)?)?;
    Some((bytes[0] & 0x0F, payload, header + length))
}

/// A client's message: masked, with a mask of zeros.
pub(super) fn message(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(long).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_when_it_is_whole() {
        let bytes = [&[0x81, 126, 1, 0][..], &[b'x'; 256], &[0x89, 0]].concat();
        for length in 0..260 {
            assert_eq!(first(&bytes[..length]), None);
        }
        assert_eq!(first(&bytes), Some((1, &[b'x'; 256][..], 260)));
        assert_eq!(first(&bytes[260..]), Some((9, &[][..], 2)));
    }
}
