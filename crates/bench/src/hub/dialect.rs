//! How a server is spoken to: the product's protocol and the peers'.

use std::net::SocketAddr;

/// Who is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Signalbox,
    /// npm `ws`, with a subscription and a broadcast of a few lines.
    Ws,
    /// npm `socket.io`, over WebSocket from the start.
    SocketIo,
}

/// The topic of the product that is measured: durable events that nothing else here publishes.
pub(super) const TOPIC: &str = "memory_timeline";

/// What a frame of a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A delivery, with its number: it grows.
    Event(u64),
    /// The client is subscribed.
    Subscribed,
    /// To be answered with this text.
    Answer(&'static str),
    Gap,
    Other,
}

impl Dialect {
    /// The request that opens a WebSocket.
    pub(super) fn handshake(self, address: SocketAddr) -> Vec<u8> {
        let path = match self {
            Dialect::Signalbox => "/api/ws",
            Dialect::SocketIo => "/socket.io/?EIO=4&transport=websocket",
            Dialect::Ws => "/",
        };
        format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .into_bytes()
    }

    /// What a client says at once, behind the handshake. `after`: it has everything up to there. Socket.IO's server
    /// is heard first: it loses what comes before it has said who it is.
    pub(super) fn opening(self, after: Option<u64>) -> Option<String> {
        match (self, after) {
            (Dialect::Signalbox, None) => Some(format!(r#"{{"type":"subscribe","topics":["{TOPIC}"]}}"#)),
            (Dialect::Signalbox, Some(after)) => {
                Some(format!(r#"{{"type":"subscribe","topics":[{{"topic":"{TOPIC}","after":{after}}}]}}"#))
            }
            (Dialect::Ws, _) => Some(r#"{"op":"sub"}"#.to_owned()),
            (Dialect::SocketIo, _) => None,
        }
    }

    /// What a text message says. `number_at`: where the number was in the one before.
    pub(super) fn understand(self, text: &[u8], number_at: &mut usize) -> Said {
        match self {
            Dialect::Signalbox => {
                if text.starts_with(br#"{"type":"event""#) {
                    return number(text, br#""position":"#, number_at).map_or(Said::Other, Said::Event);
                }
                if text.starts_with(br#"{"type":"subscribed""#) {
                    return Said::Subscribed;
                }
                if text.starts_with(br#"{"type":"gap""#) { Said::Gap } else { Said::Other }
            }
            Dialect::Ws => match text {
                br#"{"op":"ok"}"# => Said::Subscribed,
                _ => number(text, br#""n":"#, number_at).map_or(Said::Other, Said::Event),
            },
            Dialect::SocketIo => match text {
                b"2" => Said::Answer("3"),
                _ if text.starts_with(b"0{") => Said::Answer("40"),
                _ if text.starts_with(b"40") => Said::Answer(r#"420["sub","t"]"#),
                _ if text.starts_with(b"430") => Said::Subscribed,
                _ if text.starts_with(br#"42["m""#) => {
                    number(text, br#""n":"#, number_at).map_or(Said::Other, Said::Event)
                }
                _ => Said::Other,
            },
        }
    }
}

/// The number behind a name. It is nearly always where it was.
fn number(text: &[u8], name: &[u8], at: &mut usize) -> Option<u64> {
    if text.get(*at..).is_none_or(|rest| !rest.starts_with(name)) {
        *at = text.windows(name.len()).position(|window| window == name)?;
    }
    let digits = text[*at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_understood() {
        let mut at = 0;
        for (dialect, text, said) in [
            (
                Dialect::Signalbox,
                r#"{"type":"event","topics":["a"],"event":{"id":"x","position":417,"#,
                Said::Event(417),
            ),
            (Dialect::Signalbox, r#"{"type":"subscribed","topics":[{"topic":"a","position":3}]}"#, Said::Subscribed),
            (Dialect::Signalbox, r#"{"type":"gap","topic":"a"}"#, Said::Gap),
            (Dialect::Ws, r#"{"n":12,"p":"xx"}"#, Said::Event(12)),
            (Dialect::SocketIo, r#"42["m",{"n":7,"p":"x"}]"#, Said::Event(7)),
            (Dialect::SocketIo, r#"0{"sid":"x"}"#, Said::Answer("40")),
            (Dialect::SocketIo, r#"40{"sid":"x"}"#, Said::Answer(r#"420["sub","t"]"#)),
            (Dialect::SocketIo, "430[1]", Said::Subscribed),
        ] {
            assert_eq!(dialect.understand(text.as_bytes(), &mut at), said, "{text}");
        }
    }
}
