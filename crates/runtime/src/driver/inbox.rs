//! What the driver can be told, and by whom.

use super::{Reply, Slot};
use crate::catalog::Entry;
use protocol::{ExecutionId, Problem};
use serde_json::Value;
use std::sync::Arc;
use store::StoredTask;
use tokio::sync::{mpsc, oneshot};

/// Requests under way to the driver. When it is full, submitters wait: a burst is slowed, not dropped.
const INBOX: usize = 1_024;

pub(crate) enum Message {
    Submit { id: ExecutionId, entry: Arc<Entry>, input: Arc<Value>, reply: Reply },
    Cancel { id: ExecutionId, reason: String, by: String, reply: Reply },
    Recover { slot: Box<Slot>, tasks: Vec<StoredTask> },
    Shutdown(oneshot::Sender<()>),
}

impl Message {
    pub(super) fn refuse(self, problem: Problem) {
        match self {
            Message::Submit { reply, .. } | Message::Cancel { reply, .. } => {
                let _ = reply.send(Err(problem));
            }
            Message::Shutdown(reply) => {
                let _ = reply.send(());
            }
            Message::Recover { .. } => {}
        }
    }
}

#[derive(Clone)]
pub(crate) struct DriverHandle(mpsc::Sender<Message>);

pub(crate) fn channel() -> (DriverHandle, mpsc::Receiver<Message>) {
    let (sender, receiver) = mpsc::channel(INBOX);
    (DriverHandle(sender), receiver)
}

impl DriverHandle {
    /// Sends a request and waits for its answer: the decision is durable then.
    pub(crate) async fn ask(&self, message: impl FnOnce(Reply) -> Message) -> Result<(), Problem> {
        let (reply, answer) = oneshot::channel();
        self.0.send(message(reply)).await.map_err(|_| super::stopping())?;
        answer.await.map_err(|_| super::stopping())?
    }

    /// False when the driver has stopped.
    pub(crate) async fn tell(&self, message: Message) -> bool {
        self.0.send(message).await.is_ok()
    }
}
