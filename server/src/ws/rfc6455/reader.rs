//! From bytes to messages.

use super::{
    Broken, close,
    header::{Header, Opcode, Partial},
    inflate, unmask,
};

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ws) enum Incoming {
    Text(String),
    /// Nobody here wants its bytes.
    Binary,
    /// To be answered with the same payload.
    Ping(Vec<u8>),
    Pong,
    /// The client's close, with its code if it has one; nothing follows.
    Close(Option<u16>),
}

/// The reading side of one connection. Holds bytes of a message that is not whole, and no others.
#[derive(Debug)]
pub(in crate::ws) struct Reader {
    /// Bytes of a message.
    limit: usize,
    /// Messages may be compressed.
    deflate: bool,
    header: Partial,
    frame: Option<Frame>,
    message: Option<Message>,
    /// Of the control frame that is being read.
    control: Vec<u8>,
}

/// A frame whose payload is being read.
#[derive(Debug)]
struct Frame {
    header: Header,
    read: u64,
}

/// A message whose frames are being read.
#[derive(Debug)]
struct Message {
    is_text: bool,
    compressed: bool,
    bytes: Vec<u8>,
    /// Up to here it is UTF-8.
    checked: usize,
}

impl Reader {
    pub(in crate::ws) fn new(limit: usize, deflate: bool) -> Self {
        Self { limit, deflate, header: Partial::default(), frame: None, message: None, control: Vec::new() }
    }

    /// Bytes of a message from here on, one that has begun included.
    pub(in crate::ws) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Takes bytes up to the end of the next message; `None` when they end before it does.
    ///
    /// # Errors
    /// When the client broke the rules. Nothing can be read after that.
    pub(in crate::ws) fn read(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Broken> {
        loop {
            if self.frame.is_none() {
                let Some(header) = self.header.read(input, self.deflate)? else { return Ok(None) };
                self.begin(header)?;
            }
            let Some(frame) = &mut self.frame else { return Ok(None) };
            let Frame { header, read } = *frame;
            let left = usize::try_from(header.length - read).unwrap_or(usize::MAX);
            let (part, rest) = input.split_at(left.min(input.len()));
            *input = rest;
            frame.read += part.len() as u64;
            let is_whole = frame.read == header.length;
            let target = match &mut self.message {
                Some(message) if !header.opcode.is_control() => &mut message.bytes,
                _ => &mut self.control,
            };
            let from = target.len();
            target.extend_from_slice(part);
            unmask::unmask(&mut target[from..], header.mask, read);
            if is_whole {
                self.frame = None;
                if let Some(incoming) = self.end(header)? {
                    return Ok(Some(incoming));
                }
            }
            if let Some(message) = &mut self.message {
                message.check()?;
            }
            if !is_whole {
                return Ok(None);
            }
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), Broken> {
        if !header.opcode.is_control() {
            match (header.opcode, &self.message) {
                (Opcode::Continuation, None) => return Err(Broken::protocol("a continuation of nothing")),
                (Opcode::Text | Opcode::Binary, Some(_)) => {
                    return Err(Broken::protocol("a message begins before the one before has ended"));
                }
                _ => {}
            }
            let message = self.message.get_or_insert_with(|| Message {
                is_text: header.opcode == Opcode::Text,
                compressed: header.compressed,
                bytes: Vec::new(),
                checked: 0,
            });
            if header.length > self.limit.saturating_sub(message.bytes.len()) as u64 {
                return Err(Broken::too_large());
            }
        }
        self.frame = Some(Frame { header, read: 0 });
        Ok(())
    }

    /// A frame is whole. What it says, unless more of its message follows.
    fn end(&mut self, header: Header) -> Result<Option<Incoming>, Broken> {
        if header.opcode.is_control() {
            let payload = std::mem::take(&mut self.control);
            return Ok(Some(match header.opcode {
                Opcode::Ping => Incoming::Ping(payload),
                Opcode::Close => Incoming::Close(close::code(&payload)?),
                _ => Incoming::Pong,
            }));
        }
        match self.message.take() {
            Some(message) if header.fin => message.whole(self.limit).map(Some),
            message => {
                self.message = message;
                Ok(None)
            }
        }
    }
}

impl Message {
    /// Wrong UTF-8 is told at once, not when the message has come to its end.
    fn check(&mut self) -> Result<(), Broken> {
        if !self.is_text || self.compressed {
            return Ok(());
        }
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            // A character of which the end has not come.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(no_utf8()),
        }
        Ok(())
    }

    fn whole(self, limit: usize) -> Result<Incoming, Broken> {
        let bytes = if self.compressed { inflate::inflated(self.bytes, limit)? } else { self.bytes };
        if !self.is_text {
            return Ok(Incoming::Binary);
        }
        String::from_utf8(bytes).map(Incoming::Text).map_err(|_| no_utf8())
    }
}

fn no_utf8() -> Broken {
    Broken::payload("text messages are UTF-8")
}

#[cfg(test)]
mod tests;
