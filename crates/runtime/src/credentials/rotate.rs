//! Another key for everything: the file gets it before anything is sealed with it, and loses the old one only when
//! nothing needs it any more. Whenever this stops in between, everything still opens, and a second try finishes it.

use super::{
    Vault,
    error::KeyError,
    key::{Key, KeyRing},
    seal,
};
use crate::api::from_store;
use protocol::{Problem, api::Rotated};
use std::sync::Arc;
use store::Store;

/// Rounds over the list, at most: each begins because somebody set a credential during the one before.
const ROUNDS: usize = 10;

impl Vault {
    /// # Errors
    /// When the file cannot be written, or a credential does not open; what was sealed anew until then stays so.
    pub(crate) async fn rotate(&self, store: &Arc<dyn Store>) -> Result<Rotated, Problem> {
        let before = self.with_new_key()?;
        let mut resealed = 0u64;
        for _ in 0..ROUNDS {
            let keys = self.keys()?;
            let rows = store.credentials().await.map_err(from_store)?;
            let stale: Vec<_> = rows.into_iter().filter(|row| row.key_id != keys.current.id()).collect();
            if stale.is_empty() {
                // The one before stays: handles of executions under way are made with it.
                let kept = KeyRing { earlier: before.into_iter().collect(), ..keys };
                self.source().replace(&kept)?;
                let key_id = kept.current.id().to_owned();
                self.put_keys(kept);
                return Ok(Rotated { key_id, resealed });
            }
            for row in stale {
                let Some(sealed) = store.credential(&row.name).await.map_err(from_store)? else { continue };
                let value = zeroize::Zeroizing::new(self.unseal(&sealed)?.to_string());
                let fresh = seal::seal(&keys.current, &row.name, value.as_bytes());
                let id = keys.current.id();
                if store.reseal_credential(&row.name, &sealed.sealed, &fresh, id).await.map_err(from_store)? {
                    resealed += 1;
                }
            }
        }
        let detail = "credentials were set with other keys meanwhile; nothing is lost, try again";
        Err(Problem::new(503, "credential_rotation", "Rotation not finished", detail).temporary())
    }

    /// Puts a new key before the others; returns the one that was current.
    fn with_new_key(&self) -> Result<Option<Arc<Key>>, KeyError> {
        let keys = self.keys()?;
        let keys = self.keys_now().unwrap_or(keys);
        let before = keys.current.clone();
        let ring = KeyRing { current: Arc::new(Key::random()), earlier: keys.all().cloned().collect() };
        self.source().replace(&ring)?;
        self.put_keys(ring);
        Ok(Some(before))
    }
}
