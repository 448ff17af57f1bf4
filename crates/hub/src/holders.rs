//! Connections that end when a proof does: who they are, and until when. Those of nobody who was asked are not here,
//! so that a server without authentication pays nothing.

use crate::{connection::Shared, session::Close};
use protocol::{ClientId, Identity, Timestamp, access::CredentialId};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

/// As many as there are connections.
#[derive(Default)]
pub(crate) struct Holders(Mutex<HashMap<ClientId, Holder>>);

struct Holder {
    shared: Weak<Shared>,
    who: Arc<Identity>,
    until: Option<Timestamp>,
}

impl Holders {
    pub(crate) fn note(&self, shared: &Arc<Shared>, who: &Arc<Identity>, until: Option<Timestamp>) {
        if who.is_local() {
            // They may have been nobody until now, whose time would end them.
            self.forget(shared.client);
        } else {
            let holder = Holder { shared: Arc::downgrade(shared), who: who.clone(), until };
            self.lock().insert(shared.client, holder);
        }
    }

    pub(crate) fn forget(&self, client: ClientId) {
        self.lock().remove(&client);
    }

    pub(crate) fn credentials(&self) -> BTreeSet<CredentialId> {
        self.lock().values().map(|holder| holder.who.credential.clone()).collect()
    }

    pub(crate) fn end(&self, close: &Close, is_meant: impl Fn(&Identity, Option<Timestamp>) -> bool) {
        let meant = |holder: &&Holder| is_meant(&holder.who, holder.until);
        // Closing wakes others: not under the lock.
        let ended: Vec<Arc<Shared>> = self.lock().values().filter(meant).filter_map(|h| h.shared.upgrade()).collect();
        for shared in ended {
            shared.disown(close.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientId, Holder>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
