//! Errors of the store.

/// Why the store did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Somebody else moved the execution first: reload, decide again.
    #[error("execution {execution}: expected version {expected}, found {found}")]
    Conflict { execution: protocol::ExecutionId, expected: u64, found: u64 },
    /// An execution was submitted with this key before. Nothing was applied.
    #[error("execution {execution} was submitted with the key `{key}` before")]
    Exists { key: String, execution: protocol::ExecutionId },
    /// The commit is not one a store can take: too large, too deep, a task that is there already, an event of
    /// another execution … Nothing was applied; trying again does not help.
    #[error("the store refuses the commit: {0}")]
    Refused(String),
    /// Another process uses the data folder.
    #[error("the data folder {path} is in use by another signalbox{}", url.as_ref().map(|u| format!(" at {u}")).unwrap_or_default())]
    Locked { path: String, url: Option<String> },
    /// The disk or database failed; nothing was applied. `temporary` when trying again may help (disk full …).
    #[error("the store failed: {message}")]
    Backend { message: String, temporary: bool },
    /// A row does not read back as what was written.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    #[error("the store is closed")]
    Closed,
}
