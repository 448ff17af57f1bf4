//! Parsed playbooks by version. A version never changes, so what is parsed once stays.

use crate::layout;
use engine::Playbook;
use protocol::{Problem, graph::Graph};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
}

impl Catalog {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, entries: Mutex::default() }
    }

    /// A version of a playbook; the newest without `version`.
    pub(crate) async fn entry(&self, path: &str, version: Option<u32>) -> Result<Arc<Entry>, Problem> {
        if let Some(version) = version
            && let Some(entry) = self.cached(path, version)
        {
            return Ok(entry);
        }
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
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= KEPT {
            entries.clear();
        }
        entries.insert((path.to_owned(), entry.row.version), entry.clone());
        Ok(entry)
    }

    fn cached(&self, path: &str, version: u32) -> Option<Arc<Entry>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(&(path.to_owned(), version)).cloned()
    }
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
