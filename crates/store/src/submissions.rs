//! Submitters' keys: each names one execution. Written in the commit that creates it.

use crate::{
    Store, StoreError,
    sql::{connection::Connection, read::parsed, statement::sql},
};
use protocol::ExecutionId;
use std::collections::HashMap;

impl dyn Store {
    /// The execution that was submitted with the key.
    pub async fn submission(&self, key: &str) -> Result<Option<ExecutionId>, StoreError> {
        let find = sql("SELECT execution_id FROM submissions WHERE key = $1").bind(key);
        let row: Option<(String,)> = self.database().optional(find).await?;
        row.map(|(id,)| parsed(&id, || format!("the submission `{key}`"))).transpose()
    }
}

/// Those of the keys that were used.
pub(crate) async fn find_all(
    connection: &mut Connection<'_>,
    keys: &[&str],
) -> Result<HashMap<String, ExecutionId>, StoreError> {
    let find = sql("SELECT key, execution_id FROM submissions WHERE key IN (SELECT value FROM json_each($1))");
    let rows: Vec<(String, String)> = find.bind(keys).all(connection).await?;
    rows.into_iter()
        .map(|(key, id)| {
            let id = parsed(&id, || format!("the submission `{key}`"))?;
            Ok((key, id))
        })
        .collect()
}
