//! A group whose answer was lost with the connection: it is on disk whole, or not at all, and nobody knows.
//!
//! Before anything else is written, the server process that had it is ended and waited for, so that it cannot be
//! committed later; then the log tells. Commits without events leave nothing in the log: a group with such commits
//! is marked in `meta`, in the same transaction.

use super::{connect::Backend, failure::store_error};
use crate::{
    StoreError,
    sql::recent::{Answer, Recent},
};
use protocol::{CommitId, Position};
use sqlx::PgConnection;

/// How long the server process may take to end.
const END_MS: i64 = 10_000;

pub(super) struct Unsettled {
    pub(super) backend: Backend,
    /// Newest position before the group, or an older one.
    pub(super) head: u64,
    /// Commits with events.
    pub(super) ids: Vec<CommitId>,
    pub(super) marked: Option<Marked>,
}

/// Commits without events.
pub(super) struct Marked {
    pub(super) key: String,
    pub(super) group: String,
    /// With the index of their unit.
    pub(super) ids: Vec<(CommitId, usize)>,
}

impl Unsettled {
    /// Finds out, on a new connection; what was committed is known afterwards.
    pub(super) async fn settle(&self, connection: &mut PgConnection, recent: &mut Recent) -> Result<(), StoreError> {
        self.end(connection).await?;
        let ids: Vec<String> = self.ids.iter().map(CommitId::to_string).collect();
        let found: Vec<(String, i64)> =
            sqlx::query_as("SELECT commit_id, position FROM events WHERE position > $1 AND commit_id = ANY ($2)")
                .bind(self.head.cast_signed())
                .bind(ids)
                .fetch_all(&mut *connection)
                .await
                .map_err(store_error)?;
        for (id, position) in &found {
            let id = id.parse().map_err(|_| StoreError::Corrupt(format!("event at position {position}: commit id")))?;
            recent.insert(id, Answer { first: Position(position.cast_unsigned()), has_events: true });
        }
        let mut quiet = 0;
        if let Some(marked) = &self.marked {
            let mark: Option<(String,)> = sqlx::query_as("SELECT value FROM meta WHERE key = $1")
                .bind(&marked.key)
                .fetch_optional(connection)
                .await
                .map_err(store_error)?;
            if let Some((head, lost)) = mark.as_ref().and_then(|(mark,)| read(mark, &marked.group)) {
                for (id, unit) in &marked.ids {
                    // Units are counted from 1 in SQL.
                    if !lost.contains(&(*unit as u64 + 1)) {
                        recent.insert(*id, Answer { first: Position(head), has_events: false });
                        quiet += 1;
                    }
                }
            }
        }
        tracing::info!(commits = found.len() + quiet, "found to be committed, though the answer was lost");
        Ok(())
    }

    async fn end(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let ended: Option<(bool,)> = sqlx::query_as(
            "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity
            WHERE pid = $1 AND CAST(backend_start AS TEXT) = $2",
        )
        .bind(self.backend.pid)
        .bind(&self.backend.started)
        .bind(END_MS)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
        match ended {
            None | Some((true,)) => Ok(()),
            Some((false,)) => Err(StoreError::Backend {
                message: "the server process of a lost connection does not end".into(),
                temporary: true,
            }),
        }
    }
}

/// Head and lost units of a mark, if it is this group's.
fn read(mark: &str, group: &str) -> Option<(u64, Vec<u64>)> {
    let mut words = mark.split(' ');
    if words.next() != Some(group) {
        return None;
    }
    let head = words.next()?.parse().ok()?;
    let lost = words.next().unwrap_or_default().split(',').filter_map(|unit| unit.parse().ok()).collect();
    Some((head, lost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_only_by_its_group() {
        for (mark, expected) in [
            ("g1 17 2,5", Some((17, vec![2, 5]))),
            ("g1 0 ", Some((0, vec![]))),
            ("g2 17 ", None),
            ("g1 x ", None),
            ("", None),
        ] {
            assert_eq!(read(mark, "g1"), expected, "{mark}");
        }
    }
}
