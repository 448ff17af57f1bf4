//! What is written beside the log: on connections of the pool, so that the log's writer waits for nobody.

use super::{connect::Patience, failure::store_error};
use crate::{
    StoreError,
    sql::{backend::Job, connection::Connection},
};
use sqlx::{Connection as _, PgConnection, PgPool};

/// A row that is there already may be one that another process wrote just now: then the work finds it the next time.
const ATTEMPTS: u32 = 5;

/// Runs a job in a transaction of its own; again when another transaction was in its way, or when the database was
/// away before the end.
pub(crate) async fn beside(pool: &PgPool, job: Job) -> Result<(), StoreError> {
    let mut patience = Patience::default();
    for attempt in 1.. {
        let outcome = match pool.acquire().await {
            Ok(mut connection) => transaction(&mut connection, &job).await,
            Err(error) => Err(Unfinished::Nothing(store_error(error))),
        };
        match outcome {
            Ok(()) => return Ok(()),
            Err(Unfinished::Nothing(StoreError::Refused(_))) if attempt < ATTEMPTS => {}
            Err(Unfinished::Nothing(error @ StoreError::Backend { temporary: true, .. }))
                if patience.pause(&error).await => {}
            Err(Unfinished::Nothing(error) | Unfinished::Perhaps(error)) => return Err(error),
        }
    }
    unreachable!("the last attempt returns")
}

/// Why a transaction is not known to be committed.
enum Unfinished {
    /// It was not.
    Nothing(StoreError),
    /// The answer was lost.
    Perhaps(StoreError),
}

async fn transaction(connection: &mut PgConnection, job: &Job) -> Result<(), Unfinished> {
    let mut transaction = connection.begin().await.map_err(|error| Unfinished::Nothing(store_error(error)))?;
    job(&mut Connection::Postgres(&mut transaction)).await.map_err(Unfinished::Nothing)?;
    transaction.commit().await.map_err(|error| Unfinished::Perhaps(store_error(error)))
}
