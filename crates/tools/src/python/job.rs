//! What a python process is told to do.

use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, path::Path, sync::Arc};

#[derive(Serialize)]
pub(super) struct Job<'a> {
    pub(super) code: &'a str,
    pub(super) input: &'a Value,
    /// By alias.
    pub(super) credentials: &'a BTreeMap<String, Arc<Value>>,
    /// The file to write the answer to.
    pub(super) answer: &'a Path,
    pub(super) result_bytes: u64,
    pub(super) limits: Limits,
}

#[derive(Serialize)]
pub(super) struct Limits {
    pub(super) memory_bytes: u64,
    pub(super) file_bytes: u64,
}

impl Job<'_> {
    /// The length in decimal, a newline, and the job as JSON.
    pub(super) fn framed(&self) -> Vec<u8> {
        let job = serde_json::to_vec(self).expect("a job has string keys, and its path is UTF-8: the server made it");
        let mut framed = format!("{}\n", job.len()).into_bytes();
        framed.extend_from_slice(&job);
        framed
    }
}
