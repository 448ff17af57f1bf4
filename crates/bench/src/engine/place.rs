//! Where a case keeps its state: fresh for each round.

use crate::options::StoreKind;
use std::path::PathBuf;
use store::conformance::postgres::Schema;

pub(crate) enum Place {
    /// A folder for the file.
    Sqlite(PathBuf),
    /// A schema of its own, gone with this.
    Postgres { schema: Schema, folder: PathBuf },
}

impl Place {
    /// # Panics
    /// When there is no PostgreSQL: `cargo xtask bench` starts one.
    pub(crate) async fn of(kind: StoreKind, folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(match kind {
            StoreKind::Sqlite => Self::Sqlite(folder),
            StoreKind::Postgres => Self::Postgres { schema: Schema::fresh().await, folder },
        })
    }

    /// What the store is opened with.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.join("signalbox.db").display()),
            Self::Postgres { schema, .. } => schema.url(),
        }
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        match self {
            Self::Sqlite(folder) | Self::Postgres { folder, .. } => folder,
        }
    }
}
