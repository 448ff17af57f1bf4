//! Who is at the other end, and for how long: proven at the upgrade or by `authenticate`, refreshed in place, over at
//! its time.
//!
//! A connection has one subject for life. A fresh proof of it changes the role and the end, and nothing else: topics
//! stay subscribed, except those the new role may not see.

use super::{
    machine::{Close, Output, Session},
    parse::Frame,
    worker::Standing,
};
use protocol::{
    Identity, Problem, Role, Timestamp, Topic,
    access::CredentialId,
    frame::{ClientFrame, ServerFrame, close},
};
use serde_json::Value;
use std::sync::Arc;

/// How long a connection may stay without proof.
const PATIENCE_MS: u64 = 10_000;

/// The proof did not come, was none, or counts no more.
pub const UNPROVEN: Close =
    Close { code: close::UNAUTHENTICATED, reason: "who this is is not proven: come back with a proof" };

/// The proof was one until now, or until it was sent.
pub const EXPIRED: Close =
    Close { code: close::UNAUTHENTICATED, reason: "the proof of who this is has ended: come back with another" };

#[derive(Debug)]
pub(super) struct Door {
    who: Arc<Identity>,
    is_known: bool,
    until: Option<Timestamp>,
}

impl Door {
    pub(super) fn new(who: Option<Arc<Identity>>, now: Timestamp) -> Self {
        match who {
            Some(who) => Self { is_known: true, until: who.expires_at, who },
            None => Self { who: Arc::new(nobody()), is_known: false, until: Some(now.plus_ms(PATIENCE_MS)) },
        }
    }

    pub(super) fn who(&self) -> &Arc<Identity> {
        &self.who
    }

    pub(super) fn until(&self) -> Option<Timestamp> {
        self.until
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Who is not known may say who they are and nothing else.
    pub(super) fn lets_through(&self, frame: &Frame) -> bool {
        self.is_known || matches!(frame, Frame::Client(ClientFrame::Authenticate { .. }))
    }

    /// Whether a proof may take the place of the one there is. Who was not asked may say at any time.
    fn takes(&self, who: &Identity) -> bool {
        !self.is_known || self.who.is_local() || self.who.subject == who.subject
    }
}

impl Session {
    /// What a token sent with `authenticate` was found to prove.
    pub fn authenticated(
        &mut self,
        id: Option<Value>,
        proven: Result<Identity, Problem>,
        now: Timestamp,
    ) -> Vec<Output> {
        if self.closed {
            return Vec::new();
        }
        let who = match proven {
            // The proof there was still holds, until its end.
            Err(problem) if problem.temporary => return vec![error(id, problem)],
            Err(problem) => {
                let close = if problem.code == "token_expired" { EXPIRED } else { UNPROVEN };
                return [vec![error(id, problem)], self.close(close.code, close.reason)].concat();
            }
            Ok(who) if who.has_expired(now) => return self.close(EXPIRED.code, EXPIRED.reason),
            Ok(_) if self.door.is_over(now) => return self.over(),
            Ok(who) => Arc::new(who),
        };
        if !self.door.takes(&who) {
            let message = format!(
                "this connection is `{}` and cannot become `{}`: open another for that",
                self.door.who.subject, who.subject
            );
            return self.invalid(id, "identity_changed", message, now);
        }
        if self.standing == Standing::Joined && !self.joined.iter().all(|protocol| who.may_take(protocol)) {
            return self.close(close::FORBIDDEN, "the worker may not take tasks of its protocols any more");
        }
        self.door = Door::new(Some(who.clone()), now);
        self.settle_frame_bytes();
        let hidden: Vec<Topic> = self.topics.extract_if(|topic| !who.may_see(topic)).collect();
        let (name, role, expires_at) = (who.name.clone(), who.role, who.expires_at);
        let mut outputs = vec![Output::Send(ServerFrame::Authenticated { id, name, role, expires_at })];
        if !hidden.is_empty() {
            outputs.push(Output::Unsubscribe { id: None, topics: hidden });
        }
        outputs
    }

    /// It is over: by the proof's time, or for want of one.
    pub(super) fn over(&mut self) -> Vec<Output> {
        let Close { code, reason } = if self.door.is_known { EXPIRED } else { UNPROVEN };
        self.close(code, reason)
    }

    pub(super) fn unproven_frame(&mut self) -> Vec<Output> {
        let detail = "the first frame is `authenticate`, with an API token or a JWT";
        let problem = Problem::new(401, "unauthenticated", "Not signed in", detail);
        [vec![error(None, problem)], self.close(UNPROVEN.code, UNPROVEN.reason)].concat()
    }
}

fn error(id: Option<Value>, problem: Problem) -> Output {
    let Problem { code, detail: message, temporary, .. } = problem;
    Output::Send(ServerFrame::Error { id, code, message, temporary })
}

/// Stands where nobody is known; nothing they ask gets further than [`Door::lets_through`].
fn nobody() -> Identity {
    Identity {
        subject: String::new(),
        name: "nobody".to_owned(),
        role: Role::Viewer,
        credential: CredentialId::Jwt,
        expires_at: None,
        protocols: Some(Vec::new()),
    }
}
