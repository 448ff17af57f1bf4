//! Messages one client publishes: in the order in which they came, as many at once as wait.

use super::shared::Shared;
use crate::bus::Core;
use futures::FutureExt;
use protocol::{Identity, Problem, frame::ServerFrame};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::sync::mpsc;

/// Messages of one client that wait. While it is full the client is not read from: what it sends waits in its own
/// buffers. A commit takes as long as it takes, whatever is in it, so what waits meanwhile goes together.
const WAITING: usize = 256;

pub(crate) struct Publishing {
    shared: Arc<Shared>,
    core: Arc<Core>,
    /// To the task that publishes; begun with the first message.
    queue: Option<mpsc::Sender<Message>>,
}

struct Message {
    who: Arc<Identity>,
    id: Option<Value>,
    message: Value,
}

impl Publishing {
    pub(crate) fn new(shared: Arc<Shared>, core: Arc<Core>) -> Self {
        Self { shared, core, queue: None }
    }

    /// Resolves when the message waits its turn.
    pub(crate) async fn publish(&mut self, who: Arc<Identity>, id: Option<Value>, message: Value) {
        let queue = self.queue.get_or_insert_with(|| {
            let (queue, waiting) = mpsc::channel(WAITING);
            self.core.calls.spawn(run(self.shared.clone(), self.core.clone(), waiting));
            queue
        });
        if let Err(unsent) = queue.send(Message { who, id, message }).await {
            answer(&self.shared, unsent.0.id, Err(unavailable()));
        }
    }
}

/// Until the connection ends, and what it sent is out; or the hub stops.
async fn run(shared: Arc<Shared>, core: Arc<Core>, mut waiting: mpsc::Receiver<Message>) {
    let mut batch = Vec::with_capacity(WAITING);
    loop {
        tokio::select! {
            count = waiting.recv_many(&mut batch, WAITING) => if count == 0 { return },
            () = core.stop.cancelled() => return,
        }
        while let Some(first) = batch.first() {
            if shared.is_disowned() {
                return;
            }
            // Who publishes may have been given another role in between.
            let who = first.who.clone();
            let of_one = batch.iter().take_while(|message| Arc::ptr_eq(&message.who, &who)).count();
            let (ids, messages): (Vec<_>, Vec<_>) =
                batch.drain(..of_one).map(|message| (message.id, message.message)).unzip();
            for (id, published) in ids.into_iter().zip(publish(&core, &who, messages).await) {
                answer(&shared, id, published);
            }
        }
    }
}

async fn publish(
    core: &Core,
    who: &Arc<Identity>,
    messages: Vec<Value>,
) -> Vec<Result<Option<protocol::Position>, Problem>> {
    let count = messages.len();
    let Some(commands) = core.commands.get() else { return vec![Err(unavailable()); count] };
    AssertUnwindSafe(commands.publish(who, messages)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(count, "publishing panicked");
        vec![Err(Problem::internal("publishing failed unexpectedly; the server's log has the cause")); count]
    })
}

fn unavailable() -> Problem {
    Problem::new(503, "unavailable", "Unavailable", "nothing can be published now").temporary()
}

fn answer(shared: &Shared, id: Option<Value>, published: Result<Option<protocol::Position>, Problem>) {
    shared.answer(&match published {
        Ok(position) => ServerFrame::Published { id, position },
        Err(Problem { code, detail: message, temporary, .. }) => ServerFrame::Error { id, code, message, temporary },
    });
}
