//! Addresses of our pages and of the REST resources they point to. Nowhere else is a URL put together.

use protocol::api::ExecutionQuery;
use protocol::{ExecutionId, Position, Topic};

#[cfg(feature = "ssr")]
pub(crate) const DASHBOARD: &str = "/";
pub(crate) const EXECUTIONS: &str = "/executions";
#[cfg(feature = "ssr")]
pub(crate) const REGISTER: &str = "/register";
pub(crate) const PLAYBOOKS: &str = "/playbooks";
#[cfg(feature = "ssr")]
pub(crate) const CREDENTIALS: &str = "/credentials";
pub(crate) const LOGIN: &str = "/login";
#[cfg(feature = "ssr")]
pub(crate) const SETTINGS: &str = "/settings";
#[cfg(feature = "ssr")]
pub(crate) const APPROVALS: &str = "/approvals";
#[cfg(feature = "ssr")]
pub(crate) const SCHEDULES: &str = "/schedules";
#[cfg(feature = "ssr")]
pub(crate) const NEW_SCHEDULE: &str = "/schedules/new";

#[cfg(feature = "ssr")]
pub(crate) const EVENT_REPLAY: &str = "/events/replay";
#[cfg(feature = "ssr")]
pub(crate) const AGENTS: &str = "/agents";
#[cfg(feature = "ssr")]
pub(crate) const ALERTS: &str = "/alerts";
#[cfg(feature = "ssr")]
pub(crate) const MEMORY: &str = "/memory";
pub(crate) const EVENTS: &str = "/events";

/// All that passes under a topic.
pub(crate) fn topic_events(topic: &Topic) -> String {
    with_fields(EVENTS, topic_field(Some(topic)))
}

/// One event of the log, as it passes under a topic; `None`: under that of all events, which is not everybody's.
pub(crate) fn event(position: Position, topic: Option<&Topic>) -> String {
    with_fields(&format!("{EVENTS}/{position}"), topic_field(topic))
}

/// All events that belong to something, as far as they pass under a topic.
pub(crate) fn events_of(correlation_id: &str, topic: Option<&Topic>) -> String {
    let mut fields = topic_field(topic);
    fields.push(("correlation_id", correlation_id.to_owned()));
    with_fields(EVENTS, fields)
}

/// What an address of events says of a topic.
pub(crate) fn topic_field(topic: Option<&Topic>) -> Vec<(&'static str, String)> {
    topic.map(|topic| ("topic", topic.to_string())).into_iter().collect()
}

pub(crate) fn execution(id: ExecutionId) -> String {
    format!("{EXECUTIONS}/{id}")
}

/// Where an execution is run again, from its start or from a step.
pub(crate) fn rerun(id: ExecutionId, from: Option<&str>) -> String {
    match from {
        Some(step) => format!("{EXECUTIONS}/{id}/rerun?from={}", escape(step, b"")),
        None => format!("{EXECUTIONS}/{id}/rerun"),
    }
}

/// The form for signing in, and where to go from there.
pub(crate) fn login(next: &str) -> String {
    format!("{LOGIN}?next={}", escape(next, b"/"))
}

/// A page of the approvals that wait.
#[cfg(feature = "ssr")]
pub(crate) fn approvals(path: Option<&str>, cursor: Option<&str>) -> String {
    let pairs = [("path", path), ("cursor", cursor)];
    with_fields(APPROVALS, pairs.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect())
}

/// One schedule; those of playbooks have slashes in their names.
#[cfg(feature = "ssr")]
pub(crate) fn schedule(name: &str) -> String {
    format!("{SCHEDULES}/named/{}", escape(name, b"/:"))
}

/// A new schedule of a playbook.
#[cfg(feature = "ssr")]
pub(crate) fn new_schedule(path: &str) -> String {
    format!("{NEW_SCHEDULE}?path={}", escape(path, b"/"))
}

/// All events of an execution, page by page from the first.
pub(crate) fn execution_events(id: ExecutionId) -> String {
    format!("{EXECUTIONS}/{id}/events")
}

/// The whole of an execution as JSON.
pub(crate) fn execution_json(id: ExecutionId) -> String {
    format!("/api/v1/executions/{id}")
}

/// The events of an execution as JSON.
pub(crate) fn execution_events_json(id: ExecutionId) -> String {
    format!("/api/v1/executions/{id}/events")
}

/// A playbook by its catalog path; slashes in the path stay slashes.
pub(crate) fn playbook(path: &str) -> String {
    format!("{PLAYBOOKS}/{}", escape(path, b"/"))
}

pub(crate) fn playbook_version(path: &str, version: u32) -> String {
    format!("{}?version={version}", playbook(path))
}

/// A version of a playbook with what changed since an older one.
#[cfg(feature = "ssr")]
pub(crate) fn playbook_changes(path: &str, version: u32, since: u32) -> String {
    format!("{}&since={since}#changes", playbook_version(path, version))
}

/// Where a registration leads: the version, with a word on whether it is a new one.
#[cfg(feature = "ssr")]
pub(crate) fn registered(registered: &protocol::api::Registered) -> String {
    let word = if registered.created { "new" } else { "unchanged" };
    format!("{}&registered={word}", playbook_version(&registered.path, registered.version))
}

/// The form for a credential of some type; with a name, for another value of that one.
#[cfg(feature = "ssr")]
pub(crate) fn credential_form(kind: &str, name: Option<&str>) -> String {
    let name = name.map(|name| format!("&name={}", escape(name, b""))).unwrap_or_default();
    format!("{CREDENTIALS}?type={}{name}#set", escape(kind, b""))
}

#[cfg(feature = "ssr")]
pub(crate) fn credential_stored(name: &str) -> String {
    format!("{CREDENTIALS}?stored={}", escape(name, b""))
}

#[cfg(feature = "ssr")]
pub(crate) fn credential_deleted(name: &str) -> String {
    format!("{CREDENTIALS}?deleted={}", escape(name, b""))
}

/// The list of executions under some filters.
pub(crate) fn executions(query: &ExecutionQuery) -> String {
    with_fields(EXECUTIONS, fields(query))
}

/// Where one thing is done to all executions under some filters.
#[cfg(feature = "ssr")]
pub(crate) fn bulk(action: &str, query: &ExecutionQuery) -> String {
    let mut pairs = vec![("action", action.to_owned())];
    pairs.extend(fields(query));
    with_fields("/executions/bulk", pairs)
}

/// The fields of a query that say something.
pub(crate) fn fields(query: &ExecutionQuery) -> Vec<(&'static str, String)> {
    let fields = [
        ("status", query.status.clone()),
        ("path", query.path.clone()),
        ("q", query.q.clone()),
        ("parent", query.parent.map(|id| id.to_string())),
        ("rerun_of", query.rerun_of.map(|id| id.to_string())),
        ("trigger", query.trigger.clone()),
        ("since", query.since.map(|ms| ms.to_string())),
        ("until", query.until.map(|ms| ms.to_string())),
        ("cursor", query.cursor.clone()),
        ("limit", query.limit.map(|n| n.to_string())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?))).collect()
}

pub(crate) fn with_fields(place: &str, fields: Vec<(&str, String)>) -> String {
    let pairs: Vec<String> =
        fields.into_iter().map(|(name, value)| format!("{name}={}", escape(&value, b""))).collect();
    if pairs.is_empty() { place.to_owned() } else { format!("{place}?{}", pairs.join("&")) }
}

/// The anchor of one step on an execution's page. Step names are free text; anchors are not.
pub(crate) fn step_anchor(step: &str) -> String {
    format!("step-{}", escape(step, b"").replace('%', "."))
}

/// Percent-encoding of everything but RFC 3986's unreserved characters and those in `keep`.
fn escape(text: &str, keep: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_keep_their_slashes_and_nothing_else() {
        for (path, url) in
            [("examples/log_triage", "/playbooks/examples/log_triage"), ("a b/ü?#", "/playbooks/a%20b/%C3%BC%3F%23")]
        {
            assert_eq!(playbook(path), url);
        }
    }

    #[test]
    fn absent_filters_leave_no_trace_in_the_url() {
        let query =
            ExecutionQuery { status: Some("failed,running".into()), q: Some(String::new()), ..Default::default() };
        assert_eq!(executions(&query), "/executions?status=failed%2Crunning");
        assert_eq!(executions(&ExecutionQuery::default()), "/executions");
    }

    #[test]
    fn events_are_found_under_the_topic_they_were_seen_under() {
        let execution = "execution:01998c4e-9c1b-7d2e-8a10-0123456789ab".parse().unwrap();
        for (url, expect) in [
            (event(Position(7), None), "/events/7"),
            (event(Position(7), Some(&Topic::SystemAlerts)), "/events/7?topic=system_alerts"),
            (event(Position(7), Some(&execution)), "/events/7?topic=execution%3A01998c4e-9c1b-7d2e-8a10-0123456789ab"),
            (events_of("a b", None), "/events?correlation_id=a%20b"),
            (events_of("a", Some(&Topic::Components)), "/events?topic=components&correlation_id=a"),
        ] {
            assert_eq!(url, expect);
        }
    }

    #[test]
    fn anchors_have_no_spaces() {
        assert_eq!(step_anchor("group errors"), "step-group.20errors");
    }
}
