//! Values too large for an event. The event holds a reference; the value is stored once, in the same commit.
//!
//! What is referred to by events of an execution belongs to it: a value that only looks like a reference (an action
//! may return one) leads nowhere.

use crate::{
    Store, StoreError,
    limits::{BLOB_FROM_BYTES, MAX_BLOB_BYTES, MAX_DEPTH},
    sql::{
        connection::Connection,
        payload::deeper_than,
        read::{json, number},
        statement::sql,
    },
};
use protocol::{Envelope, Event, ExecutionId, Timestamp, blob::BlobRef, event::Transition};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, fmt::Write, sync::Arc};

/// A stored value.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredBlob {
    pub id: String,
    pub bytes: u64,
    /// JSON.
    pub data: String,
}

impl dyn Store {
    /// A value by its id.
    pub async fn blob(&self, id: &str) -> Result<Option<StoredBlob>, StoreError> {
        let find = sql("SELECT id, bytes, data FROM blobs WHERE id = $1").bind(id);
        let row: Option<(String, i64, String)> = self.database().optional(find).await?;
        row.map(|(id, bytes, data)| {
            let bytes = number(bytes, || format!("blob {id}"))?;
            Ok(StoredBlob { id, bytes, data })
        })
        .transpose()
    }

    /// Puts the values back into events that refer to them, as the engine wants to see them. Equal ones are in
    /// memory once.
    pub async fn hydrate(&self, events: &mut [Envelope]) -> Result<(), StoreError> {
        let mut found: HashMap<(ExecutionId, String), Option<Arc<Value>>> = HashMap::new();
        for envelope in events {
            let Some(execution) = envelope.event.execution_id() else { continue };
            for value in values(&mut envelope.event) {
                let Some(BlobRef { id, .. }) = BlobRef::of(value) else { continue };
                let key = (execution, id);
                if !found.contains_key(&key) {
                    let stored = self.blob_of(execution, &key.1).await?;
                    found.insert(key.clone(), stored);
                }
                if let Some(Some(stored)) = found.get(&key) {
                    *value = stored.clone();
                }
            }
        }
        Ok(())
    }

    async fn blob_of(&self, execution: ExecutionId, id: &str) -> Result<Option<Arc<Value>>, StoreError> {
        let find = sql("SELECT b.data FROM blob_refs r JOIN blobs b ON b.id = r.blob_id
            WHERE r.execution_id = $1 AND r.blob_id = $2")
        .bind(execution)
        .bind(id);
        let row: Option<(String,)> = self.database().optional(find).await?;
        row.map(|(data,)| json(&data, || format!("blob {id}"))).transpose()
    }
}

/// A value on its way to the table.
#[derive(Debug)]
pub(crate) struct Blob {
    id: String,
    pub(crate) data: String,
    written_at: Timestamp,
}

impl Blob {
    /// # Errors
    /// [`StoreError::Refused`] for JSON above the limits.
    fn of(data: String, written_at: Timestamp, what: &str) -> Result<Self, StoreError> {
        if data.len() > MAX_BLOB_BYTES {
            let bytes = data.len();
            return Err(StoreError::Refused(format!("{what} has {bytes} bytes, the limit is {MAX_BLOB_BYTES}")));
        }
        if deeper_than(data.as_bytes(), MAX_DEPTH) {
            return Err(StoreError::Refused(format!("{what} is nested deeper than {MAX_DEPTH}")));
        }
        let hash = Sha256::digest(data.as_bytes());
        let id = hash.iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes everything");
            hex
        });
        Ok(Self { id, data, written_at })
    }

    fn reference(&self) -> Value {
        BlobRef { id: self.id.clone(), bytes: self.data.len() as u64 }.value()
    }

    /// In the commit's transaction. Writing the time anew keeps a value that pruning is about to take.
    pub(crate) async fn write(&self, connection: &mut Connection<'_>, owner: ExecutionId) -> Result<(), StoreError> {
        sql("INSERT INTO blobs (id, bytes, data, written_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET written_at = excluded.written_at")
        .bind(&self.id)
        .bind(i64::try_from(self.data.len()).unwrap_or(i64::MAX))
        .bind(&self.data)
        .bind(self.written_at)
        .execute(connection)
        .await?;
        sql("INSERT INTO blob_refs (execution_id, blob_id) VALUES ($1, $2) ON CONFLICT (execution_id, blob_id) DO NOTHING")
            .bind(owner)
            .bind(&self.id)
            .execute(connection)
            .await
            .map(drop)
    }
}

/// Replaces the event's large values by references.
pub(crate) fn outsource(event: &mut Event, time: Timestamp, into: &mut Vec<Blob>) -> Result<(), StoreError> {
    let what = format!("a value of a `{}` event", event.name());
    for value in values(event) {
        if let Some(reference) = outsourced(value, time, &what, into)? {
            *value = Arc::new(reference);
        }
    }
    Ok(())
}

/// The reference in place of a value, if it is large.
pub(crate) fn outsourced(
    value: &Value,
    time: Timestamp,
    what: &str,
    into: &mut Vec<Blob>,
) -> Result<Option<Value>, StoreError> {
    let data = serde_json::to_string(value).expect("a value is JSON");
    if data.len() <= BLOB_FROM_BYTES {
        return Ok(None);
    }
    let blob = Blob::of(data, time, what)?;
    let reference = blob.reference();
    if into.iter().all(|other| other.id != blob.id) {
        into.push(blob);
    }
    Ok(Some(reference))
}

/// The values of an event that come from outside and may be of any size.
fn values(event: &mut Event) -> Vec<&mut Arc<Value>> {
    fn carried(arcs: &mut [Transition]) -> impl Iterator<Item = &mut Arc<Value>> {
        arcs.iter_mut().filter_map(|arc| arc.data.as_mut())
    }
    match event {
        Event::ExecutionQueued(e) => vec![&mut e.input],
        Event::ExecutionStart(e) => [&mut e.workload, &mut e.input].into_iter().chain(carried(&mut e.arcs)).collect(),
        Event::StepReused(e) => [&mut e.input, &mut e.result].into_iter().chain(carried(&mut e.arcs)).collect(),
        Event::StepStarted(e) => vec![&mut e.input],
        Event::ActionCompleted(e) => vec![&mut e.result],
        Event::ActionFailed(e) => e.result.as_mut().into_iter().collect(),
        Event::IteratorStarted(e) => vec![&mut e.items],
        Event::IteratorCompleted(e) => vec![&mut e.result],
        Event::SignalReceived(e) => vec![&mut e.data],
        Event::StepCompleted(e) => e.saved.as_mut().into_iter().chain(carried(&mut e.arcs)).collect(),
        Event::StepFailed(e) => carried(&mut e.arcs).collect(),
        Event::ExecutionComplete(e) => vec![&mut e.result],
        _ => Vec::new(),
    }
}
