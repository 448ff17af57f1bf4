//! What the driver can be told, and by whom.

use super::{Executor, PoolId, Reply, Slot};
use crate::catalog::Entry;
use engine::Input;
use protocol::{ExecutionId, Position, Problem, TaskKey};
use std::{collections::HashSet, sync::Arc};
use store::StoredTask;
use tokio::sync::{mpsc, oneshot};

/// Requests under way to the driver. When it is full, submitters wait: a burst is slowed, not dropped.
const INBOX: usize = 1_024;

pub(crate) enum Message {
    /// A new execution: its first input is a start, or that it waits to be let in.
    Submit {
        id: ExecutionId,
        entry: Arc<Entry>,
        first: Input,
        reply: Reply,
    },
    /// An input for an execution that is driven here.
    Tell {
        id: ExecutionId,
        input: Input,
        reply: Reply,
    },
    /// Something that happened, which nobody waits for: a worker of another server is gone.
    Note {
        id: ExecutionId,
        input: Input,
    },
    Recover {
        slot: Box<Slot>,
        tasks: Vec<StoredTask>,
    },
    /// What was under way is here again, or was taken over: children may be among it that nobody wants any more.
    Recovered,
    /// Somebody offers to run tasks.
    Join {
        executor: Arc<dyn Executor>,
        reply: oneshot::Sender<PoolId>,
    },
    Leave(PoolId),
    /// The log holds events of these executions, each up to a position, that others may have committed.
    Moved(Vec<(ExecutionId, Position)>),
    /// Executions that this server believes to be its own.
    Held(oneshot::Sender<HashSet<ExecutionId>>),
    /// Of those it held, only `ours` are still this server's.
    Keep {
        held: HashSet<ExecutionId>,
        ours: HashSet<ExecutionId>,
    },
    /// Protocols with free places, and how many.
    Free(oneshot::Sender<Vec<(String, usize)>>),
    /// Protocols that somebody here offers, busy or not.
    Offered(oneshot::Sender<HashSet<String>>),
    /// Which of these tasks the driver knows nothing of.
    Unknown {
        keys: Vec<TaskKey>,
        reply: oneshot::Sender<Vec<TaskKey>>,
    },
    /// Tasks that wait at other servers.
    Offer(Vec<StoredTask>),
    Shutdown(oneshot::Sender<()>),
}

impl Message {
    pub(super) fn refuse(self, problem: Problem) {
        match self {
            Message::Submit { reply, .. } | Message::Tell { reply, .. } => {
                let _ = reply.send(Err(problem));
            }
            Message::Shutdown(reply) => {
                let _ = reply.send(());
            }
            Message::Note { .. }
            | Message::Recover { .. }
            | Message::Recovered
            | Message::Join { .. }
            | Message::Leave(_)
            | Message::Moved(_)
            | Message::Held(_)
            | Message::Keep { .. }
            | Message::Free(_)
            | Message::Offered(_)
            | Message::Unknown { .. }
            | Message::Offer(_) => {}
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

    /// Somebody runs tasks from now on; `None` when the driver has stopped.
    pub(crate) async fn join(&self, executor: Arc<dyn Executor>) -> Option<PoolId> {
        let (reply, joined) = oneshot::channel();
        self.0.send(Message::Join { executor, reply }).await.ok()?;
        joined.await.ok()
    }

    /// No new tasks for this one. What it runs ends as it ends.
    pub(crate) async fn leave(&self, pool: PoolId) {
        self.tell(Message::Leave(pool)).await;
    }
}
