//! Handles: `signalbox-secret.NAME.PROOF`, text that means a secret of the environment.
//!
//! The proof is a MAC of the name: who has not seen a handle cannot write one. It has no character that templates,
//! URLs, headers, SQL or JSON write differently.

use super::key::{Key, KeyRing};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const START: &str = "signalbox-secret.";
/// Hexadecimal digits of the proof.
const PROOF: usize = 32;

/// Whether a secret can have this name: an environment variable's.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && name.bytes().all(is_name_byte)
}

pub(super) fn make(key: &Key, name: &str) -> String {
    format!("{START}{name}.{}", proof(key, name))
}

/// Whether there may be a handle in it: cheap, and true of text that only looks like one.
pub(super) fn may_be_in(text: &str) -> bool {
    text.contains(START)
}

/// A handle we made, within a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) name: &'a str,
}

/// All handles in a text that one of these keys made.
pub(super) fn find<'a>(ring: &KeyRing, text: &'a str) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices(START) {
        let rest = &text[start + START.len()..];
        let name_end = rest.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let name = &rest[..name_end];
        let Some(after) = rest[name_end..].strip_prefix('.') else { continue };
        let Some(given) = after.get(..PROOF) else { continue };
        if is_name(name) && ring.all().any(|key| is_proof(key, name, given)) {
            found.push(Found { start, end: start + START.len() + name_end + 1 + PROOF, name });
        }
    }
    found
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn mac(key: &Key, name: &str) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key.bytes()).expect("HMAC takes keys of any length");
    mac.update(b"signalbox secret handle\0");
    mac.update(name.as_bytes());
    mac
}

fn proof(key: &Key, name: &str) -> String {
    mac(key, name).finalize().into_bytes().iter().take(PROOF / 2).map(|byte| format!("{byte:02x}")).collect()
}

fn is_proof(key: &Key, name: &str, given: &str) -> bool {
    let digits = |index: usize| given.get(index..index + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..PROOF).step_by(2).map(digits).collect();
    bytes.is_some_and(|bytes| mac(key, name).verify_truncated_left(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_we_made_is_a_handle() {
        let ring = KeyRing::of(Key::random());
        let handle = make(&ring.current, "API_TOKEN");
        let text = format!("Bearer {handle}.é{handle}");
        let names: Vec<_> = find(&ring, &text).iter().map(|f| (&text[f.start..f.end], f.name)).collect();
        assert_eq!(names, [(handle.as_str(), "API_TOKEN"), (handle.as_str(), "API_TOKEN")]);
        for forged in [
            handle.replace("API_TOKEN", "OTHER"),
            handle.replace('.', ":"),
            handle.to_uppercase(),
            handle[..handle.len() - 1].to_owned(),
            format!("{}é", &handle[..handle.len() - 1]),
            format!("{}zz", &handle[..handle.len() - 2]),
            make(&Key::random(), "API_TOKEN"),
            "signalbox-secret.".to_owned(),
            "signalbox-secret..".to_owned(),
        ] {
            assert_eq!(find(&ring, &forged), [], "{forged}");
        }
        let mut rotated = KeyRing::of(Key::random());
        rotated.earlier.push(ring.current);
        assert_eq!(find(&rotated, &handle).len(), 1, "a handle outlives a rotation");
    }
}
