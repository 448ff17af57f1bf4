//! Parsed playbooks by version. A version never changes, so what is parsed once stays.

mod looks;

use self::looks::Looks;
use crate::layout;
use engine::Playbook;
use futures::FutureExt;
use protocol::{Problem, graph::Graph};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::{PlaybookRow, Store};
use tokio::sync::OnceCell;

/// Versions kept parsed; beyond it all are dropped and parsed again when asked for.
const KEPT: usize = 1_000;

/// One version, ready to run.
pub(crate) struct Entry {
    pub(crate) row: PlaybookRow,
    pub(crate) playbook: Arc<Playbook>,
    graph: OnceCell<Graph>,
}

pub(crate) struct Catalog {
    store: Arc<dyn Store>,
    entries: Mutex<HashMap<(String, u32), Arc<Entry>>>,
    /// By path, and [`Store::written_beside`] when it was.
    newest: Mutex<HashMap<String, (u64, Arc<Entry>)>>,
    looks: Looks,
}

impl Catalog {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let looks = {
            let store = store.clone();
            Looks::new(Arc::new(move |path| {
                let store = store.clone();
                async move { store.newest_version(&path).await }.boxed()
            }))
        };
        Self { store, entries: Mutex::default(), newest: Mutex::default(), looks }
    }

    /// A version of a playbook; the newest without `version`.
    pub(crate) async fn entry(&self, path: &str, version: Option<u32>) -> Result<Arc<Entry>, Problem> {
        let Some(version) = version else { return self.newest(path).await };
        match self.cached(path, version) {
            Some(entry) => Ok(entry),
            None => self.read(path, Some(version)).await,
        }
    }

    /// Every submission asks for it: where others may register playbooks, which it is, and else, if anything was written
    /// since.
    async fn newest(&self, path: &str) -> Result<Arc<Entry>, Problem> {
        let Some(written) = self.store.written_beside() else {
            let version = self.looks.newest(path).await.map_err(crate::api::from_store)?;
            return match version.and_then(|version| self.cached(path, version)) {
                Some(entry) => Ok(entry),
                None => self.read(path, None).await,
            };
        };
        if let Some((since, entry)) = locked(&self.newest).get(path)
            && *since == written
        {
            return Ok(entry.clone());
        }
        let entry = self.read(path, None).await?;
        let mut newest = locked(&self.newest);
        if newest.len() >= KEPT {
            newest.clear();
        }
        newest.insert(path.to_owned(), (written, entry.clone()));
        Ok(entry)
    }

    async fn read(&self, path: &str, version: Option<u32>) -> Result<Arc<Entry>, Problem> {
        let row = self.store.playbook(path, version).await.map_err(crate::api::from_store)?.ok_or_else(|| {
            let what = version.map_or_else(|| path.to_owned(), |version| format!("{path} version {version}"));
            Problem::not_found("playbook", what, "register it first, or look in the list of playbooks")
        })?;
        if let Some(entry) = self.cached(path, row.version) {
            return Ok(entry);
        }
        let parsed = engine::playbook::parse(&row.source);
        let playbook = parsed.playbook.ok_or_else(|| {
            Problem::new(
                422,
                "playbook_unreadable",
                "Playbook cannot be read",
                format!(
                    "playbook `{path}` version {} was registered, but this version of signalbox does not accept it; \
                     register it again",
                    row.version
                ),
            )
            .with_diagnostics(parsed.diagnostics)
        })?;
        let entry = Arc::new(Entry { row, playbook: Arc::new(playbook), graph: OnceCell::new() });
        let mut entries = locked(&self.entries);
        if entries.len() >= KEPT {
            entries.clear();
        }
        entries.insert((path.to_owned(), entry.row.version), entry.clone());
        Ok(entry)
    }

    fn cached(&self, path: &str, version: u32) -> Option<Arc<Entry>> {
        locked(&self.entries).get(&(path.to_owned(), version)).cloned()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Entry {
    /// The graph with coordinates, laid out once.
    pub(crate) async fn graph(&self) -> Result<Graph, Problem> {
        self.graph
            .get_or_try_init(|| async {
                let bare = self.playbook.graph();
                tokio::task::spawn_blocking(move || layout::laid_out(bare))
                    .await
                    .map_err(|error| Problem::internal(format!("the graph could not be laid out: {error}")))
            })
            .await
            .cloned()
    }
}
