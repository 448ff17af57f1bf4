//! The parts of one process, put together. Distribution is wiring, and this is the wiring.

use crate::config::{LocalConfig, StoreUrl, Streams, Tools};
use hub::{Hub, HubConfig};
use protocol::TaskError;
use runtime::{Api, Membership, Parts, Retention, Runtime, StoreLog, credentials::Vault};
use std::{path::Path, sync::Arc};
use store::{DataDir, Store, StoreError, postgres::PostgresStore, sqlite::SqliteStore};
use tools::{Handles, SecretHandles};

/// Store, hub and runtime on a locked data folder.
pub struct Wiring {
    /// Holds the lock until it is dropped; `None` for a store in memory.
    pub data: Option<DataDir>,
    pub hub: Arc<Hub>,
    pub runtime: Runtime,
    /// A second lock, when the database is outside the data folder.
    _database: Option<DataDir>,
}

impl Wiring {
    /// Locks the data folder, opens the store and starts the runtime, as the server `name`.
    ///
    /// # Errors
    /// When another process holds the folder ([`StoreError::Locked`]), or disk or database fail.
    pub async fn open(config: &LocalConfig, name: &str, membership: Membership) -> Result<Self, StoreError> {
        let data = DataDir::lock(&config.data)?;
        let name = match &membership {
            // Several on one machine are told apart by their folders.
            Membership::Shared { .. } => format!("{name}-{}", data.name()?),
            Membership::Alone | Membership::Visitor => name.to_owned(),
        };
        let (store, database) = open_store(config).await?;
        let key = config.secrets.key_source(&config.data);
        let vault = Arc::new(Vault::new(key, config.secrets.variables.clone()));
        let limits = (config.retention, config.streams);
        let (hub, runtime) = start(store, &config.data, &config.tools, vault, &name, membership, limits).await?;
        Ok(Self { data: Some(data), hub, runtime, _database: database })
    }

    /// A runtime on an empty store in memory, for what needs no data folder.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub async fn scratch(tools: &Tools) -> Result<Self, StoreError> {
        let store = SqliteStore::in_memory().await?;
        let vault = Arc::new(Vault::in_memory());
        let (data, limits) = (std::env::temp_dir(), (Retention::default(), Streams::default()));
        let (hub, runtime) = start(store, &data, tools, vault, "scratch", Membership::Visitor, limits).await?;
        Ok(Self { data: None, hub, runtime, _database: None })
    }

    pub fn api(&self) -> Api {
        self.runtime.api()
    }

    /// Stops the runtime and closes the store; the lock goes last.
    pub async fn close(self) {
        let Self { data, runtime, hub, _database } = self;
        runtime.shutdown().await;
        hub.shutdown().await;
        drop((data, _database));
    }
}

async fn start(
    store: Arc<dyn Store>,
    data: &Path,
    tools: &Tools,
    vault: Arc<Vault>,
    name: &str,
    membership: Membership,
    (retention, streams): (Retention, Streams),
) -> Result<(Arc<Hub>, Runtime), StoreError> {
    let hub = Hub::new(
        Arc::new(StoreLog::new(store.clone())),
        HubConfig { metrics: streams.buffers, ..HubConfig::default() },
    );
    let providers = tools.providers(data, Some(Handles(Arc::new(VaultHandles(vault.clone())))));
    let server = name.to_owned();
    let streams = streams.publishing;
    let parts = Parts { store, hub: hub.clone(), providers, vault, server, membership, retention, streams };
    let runtime = Runtime::start(parts).await?;
    Ok((hub, runtime))
}

/// The vault, as the `secrets` provider asks it.
struct VaultHandles(Arc<Vault>);

impl SecretHandles for VaultHandles {
    fn handle(&self, name: &str) -> Result<Option<String>, TaskError> {
        self.0.handle(name)
    }
}

/// A store opened to look after it, with nothing running on it.
pub(crate) struct Alone {
    pub(crate) store: Arc<dyn Store>,
    _locks: [Option<DataDir>; 2],
}

impl Alone {
    /// Locks the folders of a store that is in files. A database server may be used by others meanwhile.
    ///
    /// # Errors
    /// As [`Wiring::open`].
    pub(crate) async fn open(config: &LocalConfig) -> Result<Self, StoreError> {
        let data = match &config.store {
            StoreUrl::Sqlite(_) => Some(DataDir::lock(&config.data)?),
            StoreUrl::Postgres(_) => None,
        };
        let (store, database) = open_store(config).await?;
        Ok(Self { store, _locks: [data, database] })
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}

/// The store, and the lock of its folder where that is not the data folder. A database server is shared by many.
async fn open_store(config: &LocalConfig) -> Result<(Arc<dyn Store>, Option<DataDir>), StoreError> {
    match &config.store {
        StoreUrl::Sqlite(path) => {
            let lock = lock_database(&config.data, path)?;
            Ok((SqliteStore::open(path).await?, lock))
        }
        StoreUrl::Postgres(url) => Ok((PostgresStore::connect(url.expose()).await?, None)),
    }
}

/// A database outside the data folder is locked too: two servers must not share it either.
fn lock_database(data: &Path, database: &Path) -> Result<Option<DataDir>, StoreError> {
    let folder = match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_inside = std::fs::canonicalize(folder).ok() == std::fs::canonicalize(data).ok();
    if is_inside { Ok(None) } else { DataDir::lock(folder).map(Some) }
}
