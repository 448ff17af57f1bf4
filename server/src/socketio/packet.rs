//! Packets of the Socket.IO protocol, revision 5, as text: what Engine.IO carries in its messages.

use serde_json::Value;

/// What a client sends, still as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    /// Joins the main namespace, perhaps with `auth`.
    Connect {
        auth: Option<&'a str>,
    },
    /// Joins another namespace: there is none.
    Elsewhere {
        namespace: &'a str,
    },
    Disconnect,
    /// `args` is a JSON array, the event's name first.
    Event {
        ack: Option<u64>,
        args: &'a str,
    },
    /// An event with binary attachments, which follow as messages of their own.
    Binary {
        ack: Option<u64>,
        attachments: u32,
    },
    /// An acknowledgement of what nobody asked to be acknowledged, or a packet of a namespace there is none of.
    Idle,
}

/// The text is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAPacket;

pub(super) fn read(text: &str) -> Result<Packet<'_>, NotAPacket> {
    let kind = text.bytes().next().ok_or(NotAPacket)?;
    let mut rest = text.get(1..).ok_or(NotAPacket)?;
    let mut attachments = 0;
    if matches!(kind, b'5' | b'6') {
        let (count, after) = rest.split_once('-').ok_or(NotAPacket)?;
        attachments = count.parse().map_err(|_| NotAPacket)?;
        rest = after;
    }
    let namespace;
    (namespace, rest) = match rest.starts_with('/') {
        true => rest.split_once(',').unwrap_or((rest, "")),
        false => ("/", rest),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (ack, data) = rest.split_at(digits);
    let ack = match ack {
        "" => None,
        digits => Some(digits.parse().map_err(|_| NotAPacket)?),
    };
    if namespace.split('?').next() != Some("/") {
        return Ok(if kind == b'0' { Packet::Elsewhere { namespace } } else { Packet::Idle });
    }
    match kind {
        b'0' => Ok(Packet::Connect { auth: Some(data).filter(|data| !data.is_empty()) }),
        b'1' => Ok(Packet::Disconnect),
        b'2' => Ok(Packet::Event { ack, args: data }),
        b'5' => Ok(Packet::Binary { ack, attachments }),
        b'3' | b'6' => Ok(Packet::Idle),
        _ => Err(NotAPacket),
    }
}

/// The client is in; `sid` names its place in the namespace.
pub(super) fn connected(sid: &str) -> String {
    format!("0{}", serde_json::json!({ "sid": sid }))
}

/// The client is not let in, and need not try again as it is.
pub(super) fn refused(namespace: &str, message: &str, code: &str) -> String {
    let namespace = if namespace == "/" { String::new() } else { format!("{namespace},") };
    format!("4{namespace}{}", serde_json::json!({ "message": message, "data": { "code": code } }))
}

/// `payload` is JSON.
pub(super) fn event(name: &str, payload: &str) -> String {
    format!("2[{},{payload}]", Value::from(name))
}

/// `payload` is JSON.
pub(super) fn acknowledged(ack: u64, payload: &str) -> String {
    format!("3{ack}[{payload}]")
}

/// The end of the namespace: client libraries do not come back after it by themselves.
pub(super) fn disconnect() -> String {
    "1".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart() {
        for (text, expect) in [
            ("0", Ok(Packet::Connect { auth: None })),
            (r#"0{"token":"t"}"#, Ok(Packet::Connect { auth: Some(r#"{"token":"t"}"#) })),
            ("0/,{}", Ok(Packet::Connect { auth: Some("{}") })),
            ("0/?a=b,", Ok(Packet::Connect { auth: None })),
            ("0/admin,", Ok(Packet::Elsewhere { namespace: "/admin" })),
            ("0/admin", Ok(Packet::Elsewhere { namespace: "/admin" })),
            ("1", Ok(Packet::Disconnect)),
            (r#"2["a",1]"#, Ok(Packet::Event { ack: None, args: r#"["a",1]"# })),
            (r#"2/,17["a"]"#, Ok(Packet::Event { ack: Some(17), args: r#"["a"]"# })),
            (r#"217["a"]"#, Ok(Packet::Event { ack: Some(17), args: r#"["a"]"# })),
            (r#"2/admin,["a"]"#, Ok(Packet::Idle)),
            ("31[]", Ok(Packet::Idle)),
            (r#"52-3["a",{"_placeholder":true,"num":0}]"#, Ok(Packet::Binary { ack: Some(3), attachments: 2 })),
            ("", Err(NotAPacket)),
            ("5", Err(NotAPacket)),
            ("x", Err(NotAPacket)),
            ("ü", Err(NotAPacket)),
            ("299999999999999999999[]", Err(NotAPacket)),
        ] {
            assert_eq!(read(text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_sent_is_escaped() {
        assert_eq!(event("a\"b", "{}"), r#"2["a\"b",{}]"#);
        assert_eq!(refused("/x", "no", "c"), r#"4/x,{"data":{"code":"c"},"message":"no"}"#);
        assert_eq!(acknowledged(3, "1"), "33[1]");
    }
}
