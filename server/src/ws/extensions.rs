//! Which extension is agreed on: permessage-deflate (RFC 7692) without context takeover, or none.
//!
//! Without context takeover a message is compressed alike for every client, once; and nobody's window is kept here
//! between messages.

/// The answer to an offer that is taken. Both may be asked of a client whatever it offered (RFC 7692, 7.1.1).
pub(super) const DEFLATE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extensions {
    None,
    Deflate,
}

/// Takes the first offer that can be fulfilled.
pub(super) fn agreed<'a>(mut offers: impl Iterator<Item = &'a str>) -> Extensions {
    if offers.any(is_fulfilled) { Extensions::Deflate } else { Extensions::None }
}

fn is_fulfilled(offer: &str) -> bool {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return false;
    }
    let mut seen = Vec::new();
    parts.all(|parameter| {
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (parameter, None),
        };
        let is_first = !seen.contains(&name);
        seen.push(name);
        is_first
            && match (name, value) {
                ("server_no_context_takeover" | "client_no_context_takeover", None) => true,
                // What is compressed for everybody has the usual window.
                ("server_max_window_bits", Some(bits)) => bits == "15",
                ("client_max_window_bits", None) => true,
                ("client_max_window_bits", Some(bits)) => {
                    matches!(bits, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
                }
                _ => false,
            }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_taken_when_they_can_be_fulfilled() {
        for (offers, taken) in [
            ("permessage-deflate", true),
            ("permessage-deflate; client_max_window_bits", true),
            ("permessage-deflate; client_max_window_bits=\"10\"; server_no_context_takeover", true),
            ("permessage-deflate; server_max_window_bits=10", false),
            ("permessage-deflate; server_max_window_bits=10, permessage-deflate", true),
            ("permessage-deflate; server_max_window_bits=15", true),
            ("permessage-deflate; server_max_window_bits", false),
            ("permessage-deflate; client_max_window_bits=7", false),
            ("permessage-deflate; server_no_context_takeover=1", false),
            ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", false),
            ("permessage-deflate; fast", false),
            ("x-webkit-deflate-frame", false),
            ("", false),
        ] {
            let expected = if taken { Extensions::Deflate } else { Extensions::None };
            assert_eq!(agreed(offers.split(',').map(str::trim)), expected, "{offers}");
        }
    }
}
