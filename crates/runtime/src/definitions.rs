//! Telling the store what versions consist of that it was not told of when they were registered.

use std::sync::Arc;
use store::{Store, StoreError};

/// Versions read at once; a source is at most some hundred KiB.
const PAGE: u32 = 50;

/// # Errors
/// When the store cannot be read or written.
pub(crate) async fn complete(store: &Arc<dyn Store>) -> Result<(), StoreError> {
    loop {
        let undefined = store.undefined_playbooks(PAGE).await?;
        if undefined.is_empty() {
            return Ok(());
        }
        for row in undefined {
            let definition = engine::playbook::definition(&row.source);
            // A source this version does not accept any more shows nothing.
            let definition = definition.map_or_else(|| "{}".to_owned(), |definition| definition.to_string());
            store.define_playbook(&row.path, row.version, &definition).await?;
        }
    }
}
