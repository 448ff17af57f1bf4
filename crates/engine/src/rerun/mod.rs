//! Reruns: which results of an execution another one may take over.

use protocol::ExecutionId;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// What a rerun takes over.
#[derive(Clone, Debug, PartialEq)]
pub struct Reuse {
    /// The execution that is repeated.
    pub of: ExecutionId,
    /// The step it begins at; `None`: where the other one failed.
    pub from: Option<String>,
    /// What completed there, by step and visit.
    pub results: BTreeMap<(String, u32), Reused>,
}

/// What a visit ran on, and what it came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reused {
    pub input: Arc<Value>,
    pub result: Arc<Value>,
}
