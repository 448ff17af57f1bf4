//! Messages one client publishes: in the order in which they came, as many at once as wait.

use super::shared::Shared;
use crate::bus::Core;
use futures::FutureExt;
use protocol::{Identity, Problem, frame::ServerFrame};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Messages of one client that wait. While it is full the client is not read from: what it sends waits in its own
/// buffers. A commit takes as long as it takes, whatever is in it, so what waits meanwhile goes together.
const WAITING: usize = 256;

/// Bytes of memory they take: a list of numbers takes many times those of its text. One larger message waits alone.
const WAITING_BYTES: u32 = 2 << 20;

pub(crate) struct Publishing {
    shared: Arc<Shared>,
    core: Arc<Core>,
    room: Arc<Semaphore>,
    /// To the task that publishes; begun with the first message.
    queue: Option<mpsc::Sender<Message>>,
}

struct Message {
    who: Arc<Identity>,
    id: Option<Value>,
    message: Value,
    room: OwnedSemaphorePermit,
}

impl Publishing {
    pub(crate) fn new(shared: Arc<Shared>, core: Arc<Core>) -> Self {
        Self { shared, core, room: Arc::new(Semaphore::new(WAITING_BYTES as usize)), queue: None }
    }

    /// Resolves when the message waits its turn.
    pub(crate) async fn publish(&mut self, who: Arc<Identity>, id: Option<Value>, message: Value) {
        let queue = self.queue.get_or_insert_with(|| {
            let (queue, waiting) = mpsc::channel(WAITING);
            self.core.calls.spawn(run(self.shared.clone(), self.core.clone(), waiting));
            queue
        });
        let bytes = u32::try_from(bytes_of(&message)).unwrap_or(u32::MAX).min(WAITING_BYTES);
        let Ok(room) = self.room.clone().acquire_many_owned(bytes).await else { return };
        if let Err(unsent) = queue.send(Message { who, id, message, room }).await {
            answer(&self.shared, &self.core, unsent.0.id, Err(unavailable()));
        }
    }
}

/// Bytes a value takes in memory, about.
fn bytes_of(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(bytes_of).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| size_of::<String>() + name.len() + bytes_of(value)).sum()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
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
            let (mut ids, mut messages, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
            for Message { id, message, room, .. } in batch.drain(..of_one) {
                ids.push(id);
                messages.push(message);
                rooms.push(room);
            }
            for (id, published) in ids.into_iter().zip(publish(&core, &who, messages).await) {
                answer(&shared, &core, id, published);
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

fn answer(shared: &Shared, core: &Core, id: Option<Value>, published: Result<Option<protocol::Position>, Problem>) {
    shared.answer(&match published {
        Ok(position) => ServerFrame::Published { id, position },
        Err(Problem { code, detail: message, temporary, .. }) => {
            core.counters.answered_with(&code);
            ServerFrame::Error { id, code, message, temporary }
        }
    });
}
