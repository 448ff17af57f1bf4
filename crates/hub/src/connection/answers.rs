//! Commands of one client under way.

use super::shared::Shared;
use crate::{bus::Core, encode};
use futures::FutureExt;
use protocol::{Identity, Problem, frame::ServerFrame};
use serde_json::Value;
use std::{panic::AssertUnwindSafe, sync::Arc};
use tokio::sync::Semaphore;

/// Commands of one client that run at once. More are refused as temporary: one client cannot occupy the API,
/// and a browser has a handful under way at most.
const CALLS_AT_ONCE: usize = 8;

pub(crate) struct Calls {
    shared: Arc<Shared>,
    core: Arc<Core>,
    free: Arc<Semaphore>,
    /// Answers are put in one by one, each when there is room: a page of history is large, and eight of a client that
    /// does not read are eight times as much.
    turn: Arc<Semaphore>,
}

impl Calls {
    pub(crate) fn new(shared: Arc<Shared>, core: Arc<Core>) -> Self {
        Self { shared, core, free: Arc::new(Semaphore::new(CALLS_AT_ONCE)), turn: Arc::new(Semaphore::new(1)) }
    }

    /// Runs a command in a task of its own; its answer may overtake others. It is under way until its answer was put
    /// in.
    pub(crate) fn start(&self, who: Arc<Identity>, id: Value, method: String, params: Value) {
        let Some(commands) = self.core.commands.get().cloned() else {
            return self.fail(id, Problem::new(503, "unavailable", "Unavailable", "no commands yet").temporary());
        };
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            let detail = format!("more than {CALLS_AT_ONCE} commands under way: send it again after a reply");
            return self.fail(id, Problem::new(429, "too_many_commands", "Too many", detail).temporary());
        };
        let (shared, core, turn) = (self.shared.clone(), self.core.clone(), self.turn.clone());
        self.core.calls.spawn(async move {
            if shared.is_disowned() {
                return;
            }
            let called = AssertUnwindSafe(commands.call(&who, &method, params)).catch_unwind().await;
            let answer = encode::frame(&match called {
                Ok(Ok(result)) => ServerFrame::Reply { id, result },
                Ok(Err(problem)) => {
                    core.counters.answered_with(&problem.code);
                    error(id, problem)
                }
                Err(_) => {
                    tracing::error!(method, client = %shared.client, "a command panicked");
                    let detail = format!("`{method}` failed unexpectedly; the server's log has the cause");
                    error(id, Problem::internal(detail))
                }
            });
            // It is never closed.
            let _turn = turn.acquire().await;
            shared.room_for_a_call().await;
            shared.answer_with(answer);
            drop(permit);
        });
    }

    fn fail(&self, id: Value, problem: Problem) {
        self.core.counters.answered_with(&problem.code);
        self.shared.answer(&error(id, problem));
    }
}

fn error(id: Value, problem: Problem) -> ServerFrame {
    ServerFrame::Error { id: Some(id), code: problem.code, message: problem.detail, temporary: problem.temporary }
}
