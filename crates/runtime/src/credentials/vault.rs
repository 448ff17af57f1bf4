//! What opens and seals: the keys, and the secrets of the environment that steps may name.

use super::{error::KeyError, handle, key::KeyRing, key_file::KeySource, seal};
use protocol::TaskError;
use secrecy::SecretString;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
};
use store::SealedCredential;

/// Knows every secret of a process. `Debug` tells where the key is, and names.
pub struct Vault {
    source: KeySource,
    /// Read when first needed: a process that opens nothing asks for no key.
    ring: Mutex<Option<KeyRing>>,
    pub(super) secrets: BTreeMap<String, SecretString>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("source", &self.source).field("secrets", &self.secrets.keys()).finish()
    }
}

impl Vault {
    /// `secrets`: by the names that playbooks give them.
    pub fn new(source: KeySource, secrets: BTreeMap<String, SecretString>) -> Self {
        Self { source, ring: Mutex::default(), secrets }
    }

    /// Without a key file and without secrets, for stores in memory.
    pub fn in_memory() -> Self {
        Self::new(KeySource::Memory, BTreeMap::new())
    }

    /// The handle of a secret, or `None` when there is none of that name. A name may be given as the variable's.
    ///
    /// # Errors
    /// `credential_key` when there is no key to make it with.
    pub fn handle(&self, name: &str) -> Result<Option<String>, TaskError> {
        let bare = name.strip_prefix("SIGNALBOX_SECRET_").unwrap_or(name);
        let Some(name) = [name, bare].into_iter().find(|name| self.secrets.contains_key(*name)) else {
            return Ok(None);
        };
        Ok(handle::is_name(name).then_some(handle::make(&self.keys()?.current, name)))
    }

    pub(super) fn source(&self) -> &KeySource {
        &self.source
    }

    /// The keys, made if there are none yet and making them is ours to do.
    pub(super) fn keys(&self) -> Result<KeyRing, KeyError> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ring) = ring.as_ref() {
            return Ok(ring.clone());
        }
        Ok(ring.insert(self.source.read_or_make()?).clone())
    }

    /// The keys as they are now: another process may have changed them.
    pub(super) fn keys_now(&self) -> Result<KeyRing, KeyError> {
        match self.source.read()? {
            Some(read) => {
                self.put_keys(read.clone());
                Ok(read)
            }
            None if matches!(self.source, KeySource::Memory) => self.keys(),
            // The file is not there (any more): what only this process knows must seal nothing.
            None => {
                let made = self.source.read_or_make()?;
                self.put_keys(made.clone());
                Ok(made)
            }
        }
    }

    pub(super) fn put_keys(&self, keys: KeyRing) {
        *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }

    /// The ids of the keys that are there; none when there is no key, or none that can be read.
    pub(crate) fn key_ids(&self) -> Vec<String> {
        let keys = match self.source {
            KeySource::Memory => self.keys().ok(),
            _ => self.source.read().ok().flatten(),
        };
        keys.iter().flat_map(KeyRing::all).map(|key| key.id().to_owned()).collect()
    }

    pub(crate) fn seal(
        &self,
        name: &str,
        kind: &str,
        value: &Value,
        hint: Option<String>,
    ) -> Result<SealedCredential, KeyError> {
        // Another process may have changed the keys: what is sealed with one that is gone is lost.
        let keys = self.keys_now()?;
        let text = zeroize::Zeroizing::new(value.to_string());
        let sealed = seal::seal(&keys.current, name, text.as_bytes());
        let key_id = keys.current.id().to_owned();
        Ok(SealedCredential { name: name.to_owned(), kind: kind.to_owned(), sealed, key_id, hint })
    }

    /// The value of a credential: a map.
    pub(super) fn unseal(&self, credential: &SealedCredential) -> Result<Value, KeyError> {
        let SealedCredential { name, sealed, key_id, .. } = credential;
        let mut keys = self.keys()?;
        if keys.find(key_id).is_none() {
            keys = self.keys_now()?;
        }
        let key = keys.find(key_id).ok_or_else(|| KeyError::Foreign {
            name: name.clone(),
            key_id: key_id.clone(),
            place: self.source.place(),
        })?;
        seal::open(key, name, sealed)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| KeyError::Damaged(name.clone()))
    }
}
