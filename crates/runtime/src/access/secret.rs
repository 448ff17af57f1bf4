//! What programs and browsers keep: 256 random bits, of which the store has the SHA-256. Nothing slower is needed
//! for what nobody can guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{OsRng, rand_core::RngCore};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use zeroize::Zeroizing;

/// Characters of a token that lists show, its kind's prefix included.
const SHOWN: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Token,
    Session,
}

impl Secret {
    fn prefix(self) -> &'static str {
        match self {
            Secret::Token => "sbx_",
            Secret::Session => "sbs_",
        }
    }

    /// What kind of secret a text is, if it is one of ours.
    pub(crate) fn of(text: &str) -> Option<Self> {
        [Secret::Token, Secret::Session].into_iter().find(|kind| text.starts_with(kind.prefix()))
    }

    pub(crate) fn draw(self) -> String {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *bytes);
        format!("{}{}", self.prefix(), URL_SAFE_NO_PAD.encode(*bytes))
    }

    /// How it is told from others in lists.
    pub(crate) fn shown(text: &str) -> String {
        text.chars().take(SHOWN).collect()
    }
}

/// SHA-256, in hex.
pub(crate) fn hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes everything");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_drawn_at_random_and_told_apart() {
        let (one, other) = (Secret::Token.draw(), Secret::Token.draw());
        assert!(one != other && one.len() == 47 && one.starts_with("sbx_"), "{one}");
        assert_eq!([one.as_str(), "sbs_x", "eyJ"].map(Secret::of), [Some(Secret::Token), Some(Secret::Session), None]);
        assert_eq!(Secret::shown(&one).len(), 10);
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
