//! What a worker may say, and when.

use super::{
    machine::{Output, Session},
    parse::Invalid,
};
use crate::Kind;
use protocol::{
    Action, Timestamp,
    frame::{
        FromWorker,
        worker::{SERVERS_OWN, WorkerJoin},
    },
};

/// Longest name and version of a worker: they are shown, and part of events.
const NAME_CHARS: usize = 100;
/// Protocols of one worker, and characters of one.
const PROTOCOLS: usize = 64;
const PROTOCOL_CHARS: usize = 64;
/// Tasks at once. What one process can hold, with room to spare.
const CONCURRENCY: u32 = 10_000;

/// Where a connection stands as a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is no worker's.
    Client,
    Expected,
    Joined,
}

impl From<Kind> for Standing {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Client => Standing::Client,
            Kind::Worker => Standing::Expected,
        }
    }
}

impl Session {
    pub(super) fn worker_frame(&mut self, frame: FromWorker, now: Timestamp) -> Vec<Output> {
        let frame = match (self.standing, frame) {
            (Standing::Client, _) => {
                return self.refuse_worker(
                    "not_a_worker",
                    "this connection is no worker's: open it with the subprotocol `signalbox.worker`",
                    now,
                );
            }
            (Standing::Expected, FromWorker::Join(join)) => match checked(&join).and_then(|()| self.permitted(&join)) {
                Ok(()) => {
                    self.standing = Standing::Joined;
                    self.joined = join.protocols.clone();
                    FromWorker::Join(join)
                }
                Err(Invalid { code, message, .. }) => return self.invalid(join.id, code, message, now),
            },
            (Standing::Expected, _) => {
                return self.refuse_worker("worker_not_joined", "the first frame of a worker is `worker_join`", now);
            }
            (Standing::Joined, FromWorker::Join(_)) => {
                return self.refuse_worker("worker_joined_already", "a worker joins once per connection", now);
            }
            (Standing::Joined, frame) => frame,
        };
        vec![Output::Worker(frame)]
    }

    /// What a worker may do follows from who it is, not from what it says of itself.
    fn permitted(&self, join: &WorkerJoin) -> Result<(), Invalid> {
        self.who().require(Action::TakeTasks).map_err(|problem| Invalid::forbidden(problem.detail))?;
        if let Some(index) = join.protocols.iter().position(|protocol| SERVERS_OWN.contains(&protocol.as_str())) {
            let own = &join.protocols[index];
            let detail = format!("field `protocols[{index}]`: tasks of `{own}` are the server's own, and no worker's");
            return Err(Invalid::forbidden(detail));
        }
        match join.protocols.iter().position(|protocol| !self.who().may_take(protocol)) {
            None => Ok(()),
            Some(index) => {
                let (name, theirs) = (&self.who().name, self.who().protocols.as_deref().unwrap_or_default().join(", "));
                let detail = format!("field `protocols[{index}]`: `{name}` may take tasks of {theirs} only");
                Err(Invalid::forbidden(detail))
            }
        }
    }

    fn refuse_worker(&mut self, code: &'static str, message: &str, now: Timestamp) -> Vec<Output> {
        self.invalid(None, code, message.to_owned(), now)
    }
}

fn checked(join: &WorkerJoin) -> Result<(), Invalid> {
    let is_text = |text: &str| text.chars().count() <= NAME_CHARS && !text.chars().any(char::is_control);
    if join.name.trim().is_empty() || !is_text(&join.name) {
        return Err(Invalid::field("name", "1 to 100 printable characters"));
    }
    if !is_text(&join.version) {
        return Err(Invalid::field("version", "at most 100 printable characters"));
    }
    if join.protocols.is_empty() || join.protocols.len() > PROTOCOLS {
        return Err(Invalid::field("protocols", "1 to 64 protocols"));
    }
    for (index, protocol) in join.protocols.iter().enumerate() {
        if !is_protocol(protocol) {
            let expected = "a protocol such as `python`: letters, digits, `_`, `-`, `.`, `@`";
            return Err(Invalid::field(&format!("protocols[{index}]"), expected));
        }
    }
    if !(1..=CONCURRENCY).contains(&join.concurrency) {
        return Err(Invalid::field("concurrency", "1 to 10000"));
    }
    for (protocol, limit) in &join.concurrency_of {
        let name = format!("concurrency_of.{}", protocol.chars().take(PROTOCOL_CHARS).collect::<String>());
        if !join.protocols.contains(protocol) {
            return Err(Invalid::field(&name, "one of `protocols`"));
        }
        if !(1..=join.concurrency).contains(limit) {
            return Err(Invalid::field(&name, "1 to `concurrency`"));
        }
    }
    Ok(())
}

fn is_protocol(text: &str) -> bool {
    (1..=PROTOCOL_CHARS).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@'))
}
