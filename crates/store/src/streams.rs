//! Events that are not of an execution, by what they are about: the newest of each.

use crate::{
    Store, StoreError,
    sql::{connection::Connection, database::repeatedly, read::events::EventRow, statement::sql},
};
use protocol::Envelope;

impl dyn Store {
    /// The newest event of a type about each of these subjects that has one, in the order given.
    pub async fn newest_about(&self, kind: &'static str, subjects: Vec<String>) -> Result<Vec<Envelope>, StoreError> {
        let read = repeatedly(move |connection| Box::pin(newest_about(connection, kind, subjects.clone())));
        self.database().read(read).await
    }

    /// The newest event of a type about each subject, the newest first, at most `limit`.
    pub async fn newest_of_each(&self, kind: &'static str, limit: u32) -> Result<Vec<Envelope>, StoreError> {
        let rows: Vec<EventRow> = self
            .database()
            .all(
                sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
                    WHERE position IN (SELECT max(position) FROM events
                        WHERE execution_id IS NULL AND type = $1 AND subject IS NOT NULL GROUP BY subject)
                    ORDER BY position DESC LIMIT $2")
                .bind(kind)
                .bind(limit),
            )
            .await?;
        rows.into_iter().map(EventRow::envelope).collect()
    }
}

async fn newest_about(
    connection: &mut Connection<'_>,
    kind: &'static str,
    subjects: Vec<String>,
) -> Result<Vec<Envelope>, StoreError> {
    let mut found = Vec::new();
    for subject in subjects {
        let newest: Vec<EventRow> =
            sql("SELECT position, id, time, type, correlation_id, causation_id, traceparent, data FROM events
            WHERE execution_id IS NULL AND subject = $1 AND CAST(type AS TEXT) = $2 ORDER BY position DESC LIMIT 1")
            .bind(subject)
            .bind(kind)
            .all(connection)
            .await?;
        for row in newest {
            found.push(row.envelope()?);
        }
    }
    Ok(found)
}
