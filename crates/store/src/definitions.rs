//! What versions of playbooks consist of, for the views `workflow`, `transition` and `workbook`. Told with the version by
//! whoever registers it; told later of versions that came before there were views, and after a rebuild.

use crate::{
    PlaybookRow, Store, StoreError,
    sql::{read::playbooks, statement::sql},
};

impl dyn Store {
    /// Versions of which it is not told, at most `limit`.
    pub async fn undefined_playbooks(&self, limit: u32) -> Result<Vec<PlaybookRow>, StoreError> {
        let find = sql("SELECT path, version, name, description, source, content_hash, registered_at FROM playbooks
            WHERE definition IS NULL ORDER BY path, version LIMIT $1");
        let rows: Vec<playbooks::Row> = self.database().all(find.bind(limit)).await?;
        rows.into_iter().map(playbooks::Row::playbook).collect()
    }

    /// Tells it: JSON `{"steps", "transitions", "workbook"}`.
    pub async fn define_playbook(&self, path: &str, version: u32, definition: &str) -> Result<(), StoreError> {
        let define = sql("UPDATE playbooks SET definition = $3 WHERE path = $1 AND version = $2");
        self.database().change(define.bind(path).bind(version).bind(definition)).await.map(drop)
    }
}
