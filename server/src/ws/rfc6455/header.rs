//! The header of a client's frame.

use super::Broken;

/// The longest: two bytes, eight of length, four of the mask.
const LONGEST: usize = 14;

/// What a control frame carries at most.
const CONTROL: u64 = 125;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    pub(super) fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

/// A header of which a part may have come.
#[derive(Debug, Default)]
pub(super) struct Partial {
    bytes: [u8; LONGEST],
    have: usize,
}

impl Partial {
    /// Takes what belongs to the header; `None` while something is missing. What is wrong is found with its byte.
    pub(super) fn read(&mut self, input: &mut &[u8], deflate: bool) -> Result<Option<Header>, Broken> {
        loop {
            let wanted = match self.have {
                0 | 1 => 2,
                _ => self.length()?,
            };
            if self.have == wanted && wanted > 2 {
                let header = self.header()?;
                self.have = 0;
                return Ok(Some(header));
            }
            let count = (wanted - self.have).min(input.len());
            if count == 0 {
                if self.have > 0 {
                    first(self.bytes[0], deflate)?;
                }
                return Ok(None);
            }
            let (taken, rest) = input.split_at(count);
            self.bytes[self.have..self.have + count].copy_from_slice(taken);
            self.have += count;
            *input = rest;
            first(self.bytes[0], deflate)?;
        }
    }

    /// How long the header is, its first two bytes being there.
    fn length(&self) -> Result<usize, Broken> {
        let (fin, _, opcode) = first(self.bytes[0], true)?;
        if self.bytes[1] & 0x80 == 0 {
            return Err(Broken::protocol("clients mask their frames"));
        }
        let short = self.bytes[1] & 0x7F;
        if opcode.is_control() && (!fin || u64::from(short) > CONTROL) {
            return Err(Broken::protocol("a control frame is whole and has at most 125 bytes"));
        }
        Ok(match short {
            126 => 8,
            127 => 14,
            _ => 6,
        })
    }

    fn header(&self) -> Result<Header, Broken> {
        let (fin, compressed, opcode) = first(self.bytes[0], true)?;
        let (length, least, at) = match self.bytes[1] & 0x7F {
            126 => (number(&self.bytes[2..4]), 126, 4),
            127 => (number(&self.bytes[2..10]), 1 << 16, 10),
            short => (u64::from(short), 0, 2),
        };
        if length < least || length > i64::MAX as u64 {
            return Err(Broken::protocol("a length is encoded in the fewest bytes, its first bit being 0"));
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.bytes[at..at + 4]);
        Ok(Header { fin, compressed, opcode, length, mask })
    }
}

/// FIN, whether it is compressed, and the opcode.
fn first(byte: u8, deflate: bool) -> Result<(bool, bool, Opcode), Broken> {
    let opcode = match byte & 0x0F {
        0x0 => Opcode::Continuation,
        0x1 => Opcode::Text,
        0x2 => Opcode::Binary,
        0x8 => Opcode::Close,
        0x9 => Opcode::Ping,
        0xA => Opcode::Pong,
        _ => return Err(Broken::protocol("an opcode that RFC 6455 reserves")),
    };
    let compressed = byte & 0x40 != 0;
    let may_be_compressed = deflate && matches!(opcode, Opcode::Text | Opcode::Binary);
    if byte & 0x30 != 0 || (compressed && !may_be_compressed) {
        return Err(Broken::protocol("a reserved bit that nothing was agreed on"));
    }
    Ok((byte & 0x80 != 0, compressed, opcode))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
