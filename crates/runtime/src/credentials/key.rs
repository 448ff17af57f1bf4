//! Keys, and the few a server has at a time.

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{OsRng, rand_core::RngCore},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use zeroize::{Zeroize, Zeroizing};

pub(super) const BYTES: usize = 32;

/// A key; wiped when it is dropped.
pub(super) struct Key {
    bytes: SecretBox<[u8; BYTES]>,
    id: String,
}

impl Key {
    pub(super) fn random() -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        OsRng.fill_bytes(bytes.as_mut_slice());
        Self::of(&bytes)
    }

    /// As a line of the key file has it.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut decoded = STANDARD.decode(line).ok()?;
        let key = decoded.as_slice().try_into().ok().map(|bytes| Self::of(&bytes));
        decoded.zeroize();
        key
    }

    fn of(bytes: &[u8; BYTES]) -> Self {
        let mut hash = Sha256::new_with_prefix(b"signalbox key id\0");
        hash.update(bytes);
        let id = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { bytes: SecretBox::new(Box::new(*bytes)), id }
    }

    pub(super) fn line(&self) -> SecretString {
        STANDARD.encode(self.bytes.expose_secret()).into()
    }

    /// Tells keys apart and nothing of them.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes.expose_secret().into())
    }

    pub(super) fn bytes(&self) -> &[u8; BYTES] {
        self.bytes.expose_secret()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// The key that seals, and earlier ones that still open.
#[derive(Clone, Debug)]
pub(super) struct KeyRing {
    pub(super) current: Arc<Key>,
    pub(super) earlier: Vec<Arc<Key>>,
}

impl KeyRing {
    pub(super) fn of(current: Key) -> Self {
        Self { current: Arc::new(current), earlier: Vec::new() }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        std::iter::once(&self.current).chain(&self.earlier)
    }

    pub(super) fn find(&self, id: &str) -> Option<&Arc<Key>> {
        self.all().find(|key| key.id() == id)
    }
}
