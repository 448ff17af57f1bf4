//! Several frames in one message: connections that asked for the subprotocol [`SUBPROTOCOL`].

/// Told in `Sec-WebSocket-Protocol`: messages may have several frames, one a line, both ways.
pub const SUBPROTOCOL: &str = "signalbox.batch";

/// The frames of a message, each with its line, from 1. Lines that are empty have none.
pub fn frames(message: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(message.split('\n')).filter(|(_, line)| !line.trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_frame_unless_it_is_empty() {
        for (message, expect) in [
            ("", vec![]),
            ("\n \r\n\n", vec![]),
            ("{}", vec![(1, "{}")]),
            ("{}\n", vec![(1, "{}")]),
            ("\n{}\r\n\n[\n{\"a\":\"\\n\"}", vec![(2, "{}\r"), (4, "["), (5, "{\"a\":\"\\n\"}")]),
        ] {
            assert_eq!(frames(message).collect::<Vec<_>>(), expect, "{message:?}");
        }
    }
}
