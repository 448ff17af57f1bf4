//! What waits for the writer, and how much of it makes one group.

use super::{
    backend::Job,
    encode::{Entry, Rows},
    recent::Answer,
};
use crate::StoreError;
use foldhash::{HashSet, HashSetExt};
use protocol::{Envelope, Position};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::oneshot;

/// Requests waiting for the writer. Some ten groups at the highest load measured; when full, callers wait.
pub(crate) const QUEUE: usize = 4_096;
/// Commits in one transaction. More does not make them cheaper, only later.
pub(crate) const GROUP: usize = 2_048;
/// Bytes of rows in one transaction, for the same reason; a single larger commit goes alone.
const GROUP_BYTES: usize = 16 * 1024 * 1024;

/// What the writer is asked.
pub(crate) enum Request<R> {
    Commit(Box<Entry<R>>, oneshot::Sender<Result<Answered, Undone<R>>>),
    Beside(Job, oneshot::Sender<Result<(), StoreError>>),
}

/// What a commit became.
#[derive(Clone, Debug)]
pub(crate) enum Answered {
    Applied {
        first: Position,
        events: Arc<[Arc<Envelope>]>,
    },
    /// It was there already; the caller reads its events back.
    Before(Answer),
}

/// Why a commit was not made.
pub(crate) struct Undone<R> {
    pub(crate) error: StoreError,
    /// As it was handed in, where it may be tried again.
    pub(crate) entry: Option<Box<Entry<R>>>,
}

/// A commit and who waits for it.
pub(crate) type Waiting<R> = (Box<Entry<R>>, oneshot::Sender<Result<Answered, Undone<R>>>);

/// From the front: commits up to the limits. One that adds a task named earlier in the group waits for the next,
/// because a group applies all additions first.
pub(crate) fn take_group<R: Rows>(waiting: &mut VecDeque<Request<R>>) -> Vec<Waiting<R>> {
    let mut group: Vec<Waiting<R>> = Vec::new();
    let mut named: HashSet<u64> = HashSet::new();
    let mut bytes = 0;
    while let Some(Request::Commit(entry, _)) = waiting.front() {
        bytes += entry.bytes();
        let again = entry.added.iter().any(|task| named.contains(task));
        if !group.is_empty() && (group.len() >= GROUP || bytes > GROUP_BYTES || again) {
            break;
        }
        named.extend(&entry.touched);
        let Some(Request::Commit(entry, answer)) = waiting.pop_front() else { break };
        group.push((entry, answer));
    }
    group
}
