//! Who somebody is.

use super::{Action, Role};
use crate::{Event, Problem, Timestamp, Topic, TopicKind};
use serde::{Deserialize, Serialize};

/// What proved who somebody is, as the server knows it; never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum CredentialId {
    /// Somebody at this machine, of whom no proof is asked.
    None,
    /// Somebody who signed in, by the session's id.
    Session(String),
    /// An API token, by its id.
    Token(String),
    /// A JSON Web Token of somebody this server trusts.
    Jwt,
}

/// Somebody, as far as this server needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who it is, over all their credentials: `user:ann`, `token:ci`, `jwt:ISSUER SUBJECT`, `local`. A connection
    /// keeps it for life.
    pub subject: String,
    /// What people call them.
    pub name: String,
    pub role: Role,
    pub credential: CredentialId,
    /// When the proof ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// What it may take tasks of; `None`: every protocol.
    pub protocols: Option<Vec<String>>,
}

/// What the log calls those who are no users and have no token: who was not asked, by what they use, and the server
/// itself. No user is called so.
pub const PLACES: [&str; 7] = ["api", "cli", "dashboard", "engine", "local", "signalbox", "socket"];

impl Identity {
    /// Whoever is at this machine, while no authentication is required: may do everything.
    pub fn local() -> Self {
        Self {
            subject: "local".to_owned(),
            name: "local".to_owned(),
            role: Role::Admin,
            credential: CredentialId::None,
            expires_at: None,
            protocols: None,
        }
    }

    /// The same, called by what they use: one of [`PLACES`].
    pub fn local_at(place: &str) -> Self {
        debug_assert!(PLACES.contains(&place), "a user might be called `{place}`");
        Self { name: place.to_owned(), ..Self::local() }
    }

    /// The subject of a user.
    pub fn user_subject(name: &str) -> String {
        format!("user:{name}")
    }

    /// The user whose subject it is, if it is a user's.
    pub fn user_of(subject: &str) -> Option<&str> {
        subject.strip_prefix("user:")
    }

    /// The subject of an API token.
    pub fn token_subject(name: &str) -> String {
        format!("token:{name}")
    }

    /// What the log calls who did something. Tokens and the subjects of issuers may be called as users are, and whoever
    /// makes one chooses its name: hence what they are is said too.
    pub fn by(&self) -> String {
        match self.credential {
            CredentialId::None | CredentialId::Session(_) => self.name.clone(),
            CredentialId::Token(_) => Self::token_subject(&self.name),
            CredentialId::Jwt => format!("jwt:{}", self.name),
        }
    }

    /// Nobody was asked who they are.
    pub fn is_local(&self) -> bool {
        self.credential == CredentialId::None
    }

    pub fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }

    /// # Errors
    /// 403 `forbidden`, naming who may.
    #[allow(clippy::result_large_err, reason = "a problem is large and rare")]
    pub fn require(&self, action: Action) -> Result<(), Problem> {
        if self.may(action) {
            return Ok(());
        }
        let Self { name, role, .. } = self;
        let (what, who) = (action.words(), action.roles());
        Err(Problem::new(403, "forbidden", "Not allowed", format!("`{name}` is {role} and may not {what}; {who} may")))
    }

    /// Whether a topic, live or from the log, is theirs to see. `events` is everything there is; a session is its
    /// owner's. All of a kind is theirs who may see each of it, which for agents, workflows, executions and threads is
    /// everybody who is known.
    pub fn may_see(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Events => self.may(Action::Administer),
            Topic::Session(owner) => self.is_local() || *owner == self.subject,
            Topic::AgentStates
            | Topic::PerformanceMetrics
            | Topic::WorkflowExecutions
            | Topic::MemoryTimeline
            | Topic::SystemAlerts
            | Topic::Components
            | Topic::Agent(_)
            | Topic::Workflow(_)
            | Topic::Execution(_)
            | Topic::Thread(_)
            | Topic::All(TopicKind::Agent | TopicKind::Workflow | TopicKind::Execution | TopicKind::Thread) => true,
        }
    }

    /// # Errors
    /// 403 `forbidden`, naming the topic.
    #[allow(clippy::result_large_err, reason = "a problem is large and rare")]
    pub fn require_topic(&self, topic: &Topic) -> Result<(), Problem> {
        if self.may_see(topic) {
            return Ok(());
        }
        let Self { name, role, .. } = self;
        let who = match topic {
            Topic::Session(_) => "its owner may".to_owned(),
            _ => format!("{} may", Action::Administer.roles()),
        };
        let detail = format!("`{name}` is {role} and may not see topic `{topic}`; {who}");
        Err(Problem::new(403, "forbidden", "Not allowed", detail))
    }

    /// Whether an event is one that programs publish, and theirs to publish. What the engine says is nobody's.
    pub fn may_publish(&self, event: &Event) -> bool {
        let is_message = matches!(
            event,
            Event::AgentState(_)
                | Event::PerformanceMetric(_)
                | Event::WorkflowExecution(_)
                | Event::MemoryTimeline(_)
                | Event::SystemAlert(_)
        );
        is_message && self.may(Action::Publish)
    }

    /// Whether they may do work of a protocol.
    pub fn may_take(&self, protocol: &str) -> bool {
        let is_theirs = |protocols: &Vec<String>| protocols.iter().any(|known| known == protocol);
        self.may(Action::TakeTasks) && self.protocols.as_ref().is_none_or(is_theirs)
    }

    /// Whether the proof has ended.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WILDCARDS: [&str; 4] = ["agent:*", "workflow:*", "execution:*", "thread:*"];

    fn of(role: Role) -> Identity {
        let credential = CredentialId::Token("1".to_owned());
        Identity { subject: "token:t".to_owned(), name: "t".to_owned(), role, credential, ..Identity::local() }
    }

    #[test]
    fn topics_are_seen_by_role() {
        let seen = |who: &Identity| -> Vec<&str> {
            let names = ["events", "agent_states", "execution:01998c4e-9c1b-7d2e-8a10-0123456789ab", "workflow:w"]
                .into_iter()
                .chain(WILDCARDS);
            let sessions = ["session:token:t", "session:user:ann"];
            let sees = |name: &&str| who.may_see(&name.parse().unwrap());
            names.chain(sessions).filter(sees).collect()
        };
        let one = ["agent_states", "execution:01998c4e-9c1b-7d2e-8a10-0123456789ab", "workflow:w"];
        let usual = [&one[..], &WILDCARDS, &["session:token:t"]].concat();
        for role in [Role::Viewer, Role::Operator, Role::Component] {
            assert_eq!(seen(&of(role)), usual, "{role}");
        }
        assert_eq!(seen(&of(Role::Admin)), [&["events"][..], &usual].concat(), "not another's session");
        assert_eq!(seen(&Identity::local()).len(), 6 + WILDCARDS.len());
        let problem = of(Role::Viewer).require_topic(&Topic::Events).unwrap_err();
        assert_eq!(
            (problem.status, problem.detail.as_str()),
            (403, "`t` is viewer and may not see topic `events`; admin may")
        );
    }

    #[test]
    fn only_the_five_messages_are_published() {
        let alert = json!({"alertId": "a", "alertType": "t", "severity": "info", "message": "m", "component": "c",
            "timestamp": 1});
        let alert = Event::from_value("system_alert", alert).unwrap();
        let progress = Event::Other { name: "execution_complete".to_owned(), data: json!({}) };
        for (role, expect) in
            [(Role::Viewer, false), (Role::Operator, true), (Role::Admin, true), (Role::Component, true)]
        {
            assert_eq!((of(role).may_publish(&alert), of(role).may_publish(&progress)), (expect, false), "{role}");
        }
    }

    #[test]
    fn protocols_limit_what_is_taken() {
        let limited = Identity { protocols: Some(vec!["python".to_owned()]), ..of(Role::Component) };
        assert!(limited.may_take("python") && !limited.may_take("http"));
        assert!(of(Role::Component).may_take("http") && !of(Role::Operator).may_take("http"));
    }

    #[test]
    fn nobody_is_called_in_the_log_what_another_is() {
        let called = |credential| Identity { credential, name: "ann".to_owned(), ..of(Role::Operator) }.by();
        let id = || "1".to_owned();
        let all = [CredentialId::Session(id()), CredentialId::Token(id()), CredentialId::Jwt].map(called);
        assert_eq!(all, ["ann", "token:ann", "jwt:ann"]);
        assert_eq!(Identity::local_at("api").by(), "api");
    }

    #[test]
    fn a_proof_ends_at_its_time() {
        let who = Identity { expires_at: Some(Timestamp(10)), ..of(Role::Viewer) };
        assert_eq!([9, 10, 11].map(|ms| who.has_expired(Timestamp(ms))), [false, true, true]);
        assert!(!of(Role::Viewer).has_expired(Timestamp(i64::MAX)));
    }
}
