//! What stands beside the log, on whatever is under a store: statements in a transaction of their own.

use super::{
    backend::Job,
    connection::Connection,
    readers::Snapshot,
    statement::{Readable, Statement},
};
use crate::StoreError;
use async_trait::async_trait;
use futures::future::BoxFuture;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Gives a store's database to the statements every backend has in common. Opaque: a store that wraps another
/// hands on the other's.
#[derive(Clone, Copy)]
pub struct Database<'s>(&'s dyn Transactions);

/// The two kinds of them. Dropping the future of a call leaves nothing half done.
#[async_trait]
pub(crate) trait Transactions: Send + Sync {
    /// Runs what only reads, in one snapshot.
    async fn read(&self, job: Job) -> Result<(), StoreError>;

    /// For what reads for long, piece by piece.
    async fn snapshot(&self) -> Result<Snapshot, StoreError>;

    /// Commits what is done, durably; of what fails, nothing stays.
    async fn write(&self, job: Job) -> Result<(), StoreError>;
}

/// What is done on a connection with an open transaction. It may be done more than once: a transaction that met
/// another is begun anew.
pub(crate) trait Work<T>:
    for<'a, 'c> Fn(&'a mut Connection<'c>) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static
{
}

impl<T, W> Work<T> for W where
    W: for<'a, 'c> Fn(&'a mut Connection<'c>) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static
{
}

impl<'s> Database<'s> {
    pub(crate) fn of(transactions: &'s dyn Transactions) -> Self {
        Self(transactions)
    }

    pub(crate) async fn read<T: Send + 'static>(self, work: impl Work<T>) -> Result<T, StoreError> {
        let (job, kept) = keeping(work);
        self.0.read(job).await?;
        taken(&kept)
    }

    pub(crate) async fn snapshot(self) -> Result<Snapshot, StoreError> {
        self.0.snapshot().await
    }

    pub(crate) async fn write<T: Send + 'static>(self, work: impl Work<T>) -> Result<T, StoreError> {
        let (job, kept) = keeping(work);
        self.0.write(job).await?;
        taken(&kept)
    }

    /// The rows of one statement that only reads.
    pub(crate) async fn all<T: Readable + 'static>(self, statement: Statement) -> Result<Vec<T>, StoreError> {
        self.read(repeatedly(move |connection| Box::pin(statement.clone().all(connection)))).await
    }

    /// The first row of one statement that only reads.
    pub(crate) async fn optional<T: Readable + 'static>(self, statement: Statement) -> Result<Option<T>, StoreError> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// Runs one statement that writes; how many rows it touched.
    pub(crate) async fn change(self, statement: Statement) -> Result<u64, StoreError> {
        self.write(repeatedly(move |connection| Box::pin(statement.clone().execute(connection)))).await
    }
}

impl fmt::Debug for Database<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Database")
    }
}

/// Says the lifetimes of a closure, which would not be guessed.
pub(crate) fn repeatedly<T, W>(work: W) -> W
where
    W: for<'a, 'c> Fn(&'a mut Connection<'c>) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static,
{
    work
}

type Kept<T> = Arc<Mutex<Option<T>>>;

/// The work as a job, and where its outcome is kept until the transaction is committed.
fn keeping<T: Send + 'static>(work: impl Work<T>) -> (Job, Kept<T>) {
    let kept = Kept::default();
    let keep = kept.clone();
    let job: Job = Box::new(move |connection| {
        let (working, keep) = (work(connection), keep.clone());
        Box::pin(async move {
            let done = working.await?;
            *keep.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
            Ok(())
        })
    });
    (job, kept)
}

fn taken<T>(kept: &Kept<T>) -> Result<T, StoreError> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(StoreError::Closed)
}
