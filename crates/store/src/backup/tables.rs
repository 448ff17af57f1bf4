//! What a copy holds, table by table.

/// How a column is bound when it is read back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Text,
    Integer,
    Truth,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
    /// What rows are ordered by: its key.
    pub(super) key: &'static str,
}

use Kind::{Integer, Text, Truth};

/// Those that are computed from these, and those of who is there just now, are left out.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "playbooks",
        columns: &[
            ("path", Text),
            ("version", Integer),
            ("name", Text),
            ("description", Text),
            ("source", Text),
            ("content_hash", Text),
            ("registered_at", Integer),
            ("definition", Text),
        ],
        key: "path, version",
    },
    Table {
        name: "events",
        columns: &[
            ("position", Integer),
            ("id", Text),
            ("time", Integer),
            ("type", Text),
            ("execution_id", Text),
            ("version", Integer),
            ("subject", Text),
            ("correlation_id", Text),
            ("causation_id", Text),
            ("traceparent", Text),
            ("commit_id", Text),
            ("data", Text),
        ],
        key: "position",
    },
    Table {
        name: "blobs",
        columns: &[("id", Text), ("bytes", Integer), ("data", Text), ("written_at", Integer)],
        key: "id",
    },
    Table { name: "blob_refs", columns: &[("execution_id", Text), ("blob_id", Text)], key: "execution_id, blob_id" },
    // Handed out to nobody any more: `claimed_by` is left out.
    Table {
        name: "tasks",
        columns: &[("key", Text), ("protocol", Text), ("due", Integer), ("task", Text)],
        key: "key",
    },
    Table {
        name: "permits",
        columns: &[("key", Text), ("execution_id", Text), ("acquired_at", Integer)],
        key: "key, execution_id",
    },
    Table { name: "permit_keys", columns: &[("key", Text)], key: "key" },
    Table { name: "rates", columns: &[("key", Text), ("full_at", Integer)], key: "key" },
    Table {
        name: "credentials",
        columns: &[
            ("name", Text),
            ("kind", Text),
            ("sealed", Text),
            ("key_id", Text),
            ("hint", Text),
            ("created_at", Integer),
            ("updated_at", Integer),
        ],
        key: "name",
    },
    Table {
        name: "users",
        columns: &[
            ("name", Text),
            ("role", Text),
            ("password", Text),
            ("created_at", Integer),
            ("updated_at", Integer),
        ],
        key: "name",
    },
    Table {
        name: "tokens",
        columns: &[
            ("id", Text),
            ("name", Text),
            ("secret_hash", Text),
            ("prefix", Text),
            ("role", Text),
            ("protocols", Text),
            ("owner", Text),
            ("created_at", Integer),
            ("expires_at", Integer),
            ("used_at", Integer),
        ],
        key: "id",
    },
    Table {
        name: "schedules",
        columns: &[
            ("name", Text),
            ("path", Text),
            ("version", Integer),
            ("source", Text),
            ("spec", Text),
            ("paused", Truth),
            ("next_at", Integer),
            ("last_at", Integer),
            ("last_execution", Text),
            ("created_at", Integer),
            ("updated_at", Integer),
        ],
        key: "name",
    },
    Table { name: "pruned", columns: &[("kind", Text), ("name", Text), ("through", Integer)], key: "kind, name" },
];

/// Computed from the others by a rebuild, or true of a moment only.
#[cfg(test)]
const LEFT_OUT: [&str; 10] = [
    "metrics",
    "sessions",
    "executions",
    "execution_data",
    "execution_counts",
    "submissions",
    "lineage",
    "queue",
    "waiting_approvals",
    "servers",
];

impl Table {
    pub(super) fn of(name: &str) -> Option<usize> {
        TABLES.iter().position(|table| table.name == name)
    }

    pub(super) fn column_names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, sql::statement::sql, sqlite::SqliteStore};

    #[tokio::test]
    async fn every_column_of_every_table_is_copied_or_left_out_on_purpose() {
        let store: std::sync::Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
        let there: Vec<(String, String)> = store
            .database()
            .all(sql(r"SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                WHERE m.type = 'table' AND m.name NOT LIKE '\_sqlx%' ESCAPE '\' ORDER BY m.name"))
            .await
            .expect("the columns");
        for (table, column) in there {
            let left_out =
                LEFT_OUT.contains(&table.as_str()) || table == "meta" || (table == "tasks" && column == "claimed_by");
            let copied =
                Table::of(&table).is_some_and(|index| TABLES[index].columns.iter().any(|(name, _)| *name == column));
            assert_ne!(left_out, copied, "{table}.{column}");
        }
    }
}
