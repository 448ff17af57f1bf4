//! What an operator should see to: events `system_alert`, one per subject until it is cleared.
//!
//! `details` of an alert are `{subject, code, cleared, …}`; which subjects are raised follows from the log.

use crate::{Api, api::from_store};
use protocol::{
    CommitId, Event, EventId, Position, Problem, Topic,
    event::{Severity, SystemAlert},
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use store::{Commit, NewEvent};

/// Alerts read at once.
const PAGE: u32 = 500;

/// What the correlation ids of servers' own alerts begin with; what is published from outside has none.
const OWN: &str = "alert:";

/// The subjects that are raised.
#[derive(Default)]
pub(crate) struct Alerts(Mutex<BTreeSet<String>>);

/// Something to see to.
pub(crate) struct Alert {
    /// `execution:ID`, `protocol:NAME`, `schedule:NAME`.
    pub(crate) subject: String,
    pub(crate) code: &'static str,
    /// What is the matter, and what to do.
    pub(crate) message: String,
}

impl Alerts {
    pub(crate) fn raised(&self) -> Vec<String> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Api {
    /// Raises an alert, unless its subject is raised already.
    pub(crate) async fn raise(&self, component: &str, alert: Alert) -> Result<(), Problem> {
        let Alert { subject, code, message } = alert;
        if !self.shared().alerts.lock().insert(subject.clone()) {
            return Ok(());
        }
        tracing::warn!(subject, code, "{message}");
        let said = self.say(Severity::Warning, component, message, &subject, code, false).await;
        if said.is_err() {
            self.shared().alerts.lock().remove(&subject);
        }
        said
    }

    /// Says that what was raised is over; nothing if it was not raised.
    pub(crate) async fn clear(&self, component: &str, subject: &str, message: String) -> Result<(), Problem> {
        if !self.shared().alerts.lock().remove(subject) {
            return Ok(());
        }
        let said = self.say(Severity::Info, component, message, subject, "cleared", true).await;
        if said.is_err() {
            self.shared().alerts.lock().insert(subject.to_owned());
        }
        said
    }

    /// What a process before this one has raised and not cleared.
    pub(crate) async fn recall_alerts(&self) -> Result<(), Problem> {
        let mut after = Position(0);
        loop {
            let page = self.shared().store.log(&Topic::SystemAlerts, after, PAGE).await.map_err(from_store)?;
            for envelope in &page.events {
                // Other programs publish alerts too, with whatever details: those are not of this server.
                let is_own = envelope.correlation_id.as_deref().is_some_and(|of| of.starts_with(OWN));
                let Event::SystemAlert(SystemAlert { details: Some(details), .. }) = &envelope.event else { continue };
                if !is_own {
                    continue;
                }
                let Some(subject) = details.get("subject").and_then(Value::as_str) else { continue };
                let mut raised = self.shared().alerts.lock();
                match details.get("cleared").and_then(Value::as_bool) {
                    Some(true) => raised.remove(subject),
                    _ => raised.insert(subject.to_owned()),
                };
            }
            after = page.through;
            if page.at_head {
                return Ok(());
            }
        }
    }

    async fn say(
        &self,
        severity: Severity,
        component: &str,
        message: String,
        subject: &str,
        code: &str,
        cleared: bool,
    ) -> Result<(), Problem> {
        let (environment, store) = (&self.shared().environment, &self.shared().store);
        let now = environment.now();
        let mut details = Map::new();
        details.insert("subject".to_owned(), json!(subject));
        details.insert("code".to_owned(), json!(code));
        details.insert("cleared".to_owned(), json!(cleared));
        let alert =
            SystemAlert { severity, component: component.to_owned(), message, details: Some(details), timestamp: now };
        let event = NewEvent {
            id: EventId(environment.id()),
            correlation_id: Some(format!("{OWN}{subject}")),
            causation_id: None,
            traceparent: None,
            event: alert.into(),
        };
        let commit = Commit {
            id: CommitId(environment.id()),
            time: now,
            execution: None,
            events: vec![event],
            tasks: Vec::new(),
        };
        let committed = store.commit(commit).await.map_err(from_store)?;
        self.shared().telemetry.committed(&committed.events);
        Ok(())
    }
}
