//! Errors of the system itself, told as `system_alert`s: each kind once a minute, and so many in all. What lasts is
//! the sweeper's (`alerts.rs`): raised once, and cleared.

use crate::Api;
use protocol::{
    Timestamp,
    event::{Severity, SystemAlert},
};
use serde_json::{Map, json};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// Troubles that wait to be told. Beyond, they are in the log only: it is not for want of alerts that somebody would
/// not look then.
const WAITING: usize = 64;
/// One of a kind is told once in this time,
const QUIET_MS: u64 = 60_000;
/// and of all together no more than these.
const IN_ALL: usize = 20;

/// What went wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    pub severity: Severity,
    /// The part it went wrong in: `workers`, `store`, `hub` …
    pub component: String,
    /// Stable: what programs match on.
    pub code: &'static str,
    /// What it is about. One trouble of a component, code and subject is told once a minute.
    pub about: String,
    pub message: String,
}

/// Where parts of the server say what went wrong. Cheap to clone; saying never waits.
#[derive(Clone, Debug)]
pub struct Troubles(mpsc::Sender<Trouble>);

impl Troubles {
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Trouble>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    pub fn tell(&self, trouble: Trouble) {
        // Full, or nobody listens any more: the log has it.
        let _ = self.0.try_send(trouble);
    }
}

/// Tells them, until nobody can say any more.
pub(crate) async fn tell_all(api: Api, mut troubles: mpsc::Receiver<Trouble>) {
    let mut quiet = Quiet::default();
    while let Some(trouble) = troubles.recv().await {
        let now = api.shared().environment.now();
        let Some(left_out) = quiet.passes(&trouble, now) else { continue };
        let alert = alert(trouble, left_out, now);
        // A store that fails is a trouble itself: then it is shown at least.
        if api.emit(vec![alert.clone().into()]).await.is_err() {
            api.show(alert.into());
        }
    }
}

fn alert(trouble: Trouble, left_out: u64, timestamp: Timestamp) -> SystemAlert {
    let Trouble { severity, component, code, about, message } = trouble;
    let mut details = Map::from_iter([("code".to_owned(), json!(code)), ("about".to_owned(), json!(about))]);
    if left_out > 0 {
        details.insert("left_out".to_owned(), json!(left_out));
    }
    SystemAlert { severity, component, message, details: Some(details), timestamp }
}

/// What was told when.
#[derive(Default)]
struct Quiet {
    told: HashMap<(String, &'static str, String), Timestamp>,
    /// Not told since the last that was.
    left_out: u64,
}

impl Quiet {
    /// How many were left out before this one; `None` when it is left out itself.
    fn passes(&mut self, trouble: &Trouble, now: Timestamp) -> Option<u64> {
        self.told.retain(|_, at| now.ms_since(*at) < QUIET_MS);
        let kind = (trouble.component.clone(), trouble.code, trouble.about.clone());
        if self.told.contains_key(&kind) || self.told.len() >= IN_ALL {
            self.left_out += 1;
            return None;
        }
        self.told.insert(kind, now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(about: &str) -> Trouble {
        let (component, message) = ("store".to_owned(), "it failed".to_owned());
        Trouble { severity: Severity::Error, component, code: "failed", about: about.to_owned(), message }
    }

    #[test]
    fn each_kind_is_told_once_a_minute_and_what_was_left_out_is_counted() {
        let mut quiet = Quiet::default();
        let told: Vec<Option<u64>> = [("a", 0), ("a", 10), ("b", 20), ("a", 59_999), ("a", 60_000), ("b", 60_000)]
            .into_iter()
            .map(|(about, ms)| quiet.passes(&trouble(about), Timestamp(ms)))
            .collect();
        assert_eq!(told, [Some(0), None, Some(1), None, Some(1), None]);
    }

    #[test]
    fn a_flood_of_kinds_is_cut() {
        let mut quiet = Quiet::default();
        let told = (0..1_000).filter(|n| quiet.passes(&trouble(&n.to_string()), Timestamp(0)).is_some()).count();
        assert_eq!(told, IN_ALL);
        assert_eq!(quiet.passes(&trouble("later"), Timestamp(60_000)), Some(1_000 - IN_ALL as u64));
    }
}
