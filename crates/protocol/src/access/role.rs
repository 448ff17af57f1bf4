//! Roles, and the table.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What somebody is to this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Looks.
    Viewer,
    /// Looks and runs.
    Operator,
    /// Everything.
    Admin,
    /// A program: a worker, or one that tells of its agents.
    Component,
}

/// What can be permitted. Reading is permitted to everybody who is known, except what [`Action::Administer`] guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Register playbooks; start, steer and answer executions; put and run schedules.
    Run,
    /// Publish the five messages of S1.
    Publish,
    /// Join as a worker, take tasks and report them.
    TakeTasks,
    /// Credentials, users, everybody's tokens; see every event there is.
    Administer,
}

/// The table: who is permitted what.
const PERMITTED: [(Role, &[Action]); 4] = [
    (Role::Viewer, &[]),
    (Role::Operator, &[Action::Run, Action::Publish]),
    (Role::Admin, &[Action::Run, Action::Publish, Action::TakeTasks, Action::Administer]),
    (Role::Component, &[Action::Publish, Action::TakeTasks]),
];

impl Role {
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Operator, Role::Admin, Role::Component];

    pub fn may(self, action: Action) -> bool {
        PERMITTED.iter().any(|(role, actions)| *role == self && actions.contains(&action))
    }

    /// The word on the wire, in the command line and on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
            Role::Component => "component",
        }
    }

    /// Whether somebody of this role may make one of the other: nobody hands out what they do not have.
    pub fn covers(self, other: Role) -> bool {
        PERMITTED
            .iter()
            .filter(|(role, _)| *role == other)
            .all(|(_, actions)| actions.iter().all(|action| self.may(*action)))
    }
}

impl Action {
    /// What is done, for a sentence: `… may not {}`.
    pub fn words(self) -> &'static str {
        match self {
            Action::Run => "run or change anything",
            Action::Publish => "publish messages",
            Action::TakeTasks => "take tasks",
            Action::Administer => "administer this server",
        }
    }

    /// The roles that may, for a sentence.
    pub fn roles(self) -> String {
        let words: Vec<&str> = Role::ALL.into_iter().filter(|role| role.may(self)).map(Role::word).collect();
        words.join(" or ")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The text names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: expected viewer, operator, admin or component")]
pub struct NotARole(String);

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        let role = Role::ALL.into_iter().find(|role| role.word() == text);
        role.ok_or_else(|| NotARole(text.chars().take(100).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        for (role, run, publish, take_tasks, administer) in [
            (Role::Viewer, false, false, false, false),
            (Role::Operator, true, true, false, false),
            (Role::Admin, true, true, true, true),
            (Role::Component, false, true, true, false),
        ] {
            let may =
                [Action::Run, Action::Publish, Action::TakeTasks, Action::Administer].map(|action| role.may(action));
            assert_eq!(may, [run, publish, take_tasks, administer], "{role}");
        }
    }

    #[test]
    fn nobody_hands_out_what_they_do_not_have() {
        for (role, covered) in [
            (Role::Viewer, vec![Role::Viewer]),
            (Role::Operator, vec![Role::Viewer, Role::Operator]),
            (Role::Admin, Role::ALL.to_vec()),
            (Role::Component, vec![Role::Viewer, Role::Component]),
        ] {
            let covers: Vec<Role> = Role::ALL.into_iter().filter(|other| role.covers(*other)).collect();
            assert_eq!(covers, covered, "{role}");
        }
    }

    #[test]
    fn words_survive() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert!("root".parse::<Role>().unwrap_err().to_string().contains("`root` is no role"));
        assert_eq!(Action::TakeTasks.roles(), "admin or component");
    }
}
