//! Sealing: base64 of a version byte, a random nonce and the ciphertext, with the credential's name bound in.

use super::key::Key;
use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, AeadCore, OsRng, Payload},
};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const NONCE: usize = 24;

pub(super) fn seal(key: &Key, name: &str, value: &[u8]) -> String {
    let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
    let bound = bound(name);
    let text = key
        .cipher()
        .encrypt(&nonce, Payload { msg: value, aad: &bound })
        .expect("a value is far below the 256 GiB the cipher takes");
    STANDARD.encode([&[VERSION], nonce.as_slice(), &text].concat())
}

/// `None` when it was sealed with another key, under another name, or changed.
pub(super) fn open(key: &Key, name: &str, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = STANDARD.decode(sealed).ok()?;
    let (&VERSION, rest) = bytes.split_first()? else { return None };
    let (nonce, text) = rest.split_at_checked(NONCE)?;
    let bound = bound(name);
    key.cipher().decrypt(XNonce::from_slice(nonce), Payload { msg: text, aad: &bound }).ok().map(Zeroizing::new)
}

fn bound(name: &str) -> Vec<u8> {
    [b"signalbox credential\0", name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_name_open_what_nobody_changed() {
        let (key, other) = (Key::random(), Key::random());
        let sealed = seal(&key, "pg", b"hunter2");
        assert_eq!(open(&key, "pg", &sealed).expect("it opens").as_slice(), b"hunter2");
        assert!(open(&other, "pg", &sealed).is_none());
        assert!(open(&key, "pg2", &sealed).is_none());
        assert_ne!(seal(&key, "pg", b"hunter2"), sealed, "equal values do not look equal");
        let bytes = STANDARD.decode(&sealed).expect("base64");
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert!(open(&key, "pg", &STANDARD.encode(&changed)).is_none(), "byte {index}");
            assert!(open(&key, "pg", &STANDARD.encode(&bytes[..index])).is_none(), "cut at {index}");
        }
        assert!(open(&key, "pg", "not base64 é").is_none());
    }
}
