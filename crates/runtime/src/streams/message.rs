//! From what a program sends to one of S1's five messages, with errors that name the field.

use protocol::{
    Event, Problem, Timestamp,
    event::{AgentState, MemoryTimeline, PerformanceMetric, SystemAlert, WorkflowExecution},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Bytes of what names something: as long as the id of a topic may be.
const NAME_BYTES: usize = 512;
/// Bytes of free text, by what it is.
const LINE_BYTES: usize = 4 << 10;
const MESSAGE_BYTES: usize = 16 << 10;
const CONTENT_BYTES: usize = 64 << 10;
/// Bytes of `metadata`, `details`, `result`, as JSON.
const JSON_BYTES: usize = 64 << 10;
const TAGS: usize = 100;
/// The last moment JavaScript knows.
const LATEST: i64 = 8_640_000_000_000_000;

/// The messages, by `type`, with the fields they may have.
const KINDS: [(&str, &[&str]); 5] = [
    ("agent_state", &["agentId", "status", "currentTask", "resourceUsage", "metadata", "timestamp"]),
    ("performance_metric", &["metricName", "value", "unit", "category", "agentId", "timestamp", "metadata"]),
    (
        "workflow_execution",
        &["workflowId", "executionId", "stage", "status", "progress", "agentId", "result", "error", "timestamp"],
    ),
    ("memory_timeline", &["memoryId", "action", "content", "importance", "tags", "agentId", "timestamp"]),
    ("system_alert", &["severity", "component", "message", "details", "timestamp"]),
];
const RESOURCES: &[&str] = &["cpu", "memory", "activeConnections"];

/// What is wrong with a message, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Invalid(String);

impl Invalid {
    fn field(name: &str, expected: impl std::fmt::Display) -> Self {
        Self(format!("field `{name}`: expected {expected}"))
    }

    /// `place`: which message of several.
    pub(super) fn problem(self, place: Option<usize>) -> Problem {
        let place = place.map(|index| format!("message {index}: ")).unwrap_or_default();
        let detail = format!("{place}{}; nothing was published", self.0);
        Problem::new(422, "message_invalid", "Invalid message", detail)
    }
}

/// Reads a message; without `timestamp` it is of now.
pub(super) fn read(message: Value, now: Timestamp) -> Result<Event, Invalid> {
    let Value::Object(mut fields) = message else {
        return Err(Invalid("a message is an object with a `type`".to_owned()));
    };
    let types = || KINDS.map(|(name, _)| name).join(", ");
    let kind = match fields.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(Invalid::field("type", format_args!("one of {}", types()))),
        None => return Err(Invalid(format!("field `type` is missing: expected one of {}", types()))),
    };
    let Some((_, known)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        return Err(Invalid::field("type", format_args!("one of {}", types())));
    };
    only(&fields, "", known)?;
    if let Some(Value::Object(resources)) = fields.get("resourceUsage") {
        only(resources, "resourceUsage.", RESOURCES)?;
    }
    time(&mut fields, now)?;
    let event = match kind.as_str() {
        "agent_state" => agent_state(fields)?.into(),
        "performance_metric" => performance_metric(fields)?.into(),
        "workflow_execution" => workflow_execution(fields)?.into(),
        "memory_timeline" => memory_timeline(fields)?.into(),
        _ => system_alert(fields)?.into(),
    };
    Ok(event)
}

fn agent_state(fields: Map<String, Value>) -> Result<AgentState, Invalid> {
    let state: AgentState = typed(fields)?;
    name("agentId", &state.agent_id)?;
    text("currentTask", state.current_task.as_deref(), LINE_BYTES)?;
    for (name, value) in [("cpu", state.resource_usage.cpu), ("memory", state.resource_usage.memory)] {
        if value < 0.0 {
            return Err(Invalid::field(&format!("resourceUsage.{name}"), "percent, 0 or more"));
        }
    }
    json("metadata", state.metadata.as_ref())?;
    Ok(state)
}

fn performance_metric(fields: Map<String, Value>) -> Result<PerformanceMetric, Invalid> {
    let metric: PerformanceMetric = typed(fields)?;
    name("metricName", &metric.metric_name)?;
    text("unit", Some(&metric.unit), NAME_BYTES)?;
    metric.agent_id.as_deref().map_or(Ok(()), |id| name("agentId", id))?;
    json("metadata", metric.metadata.as_ref())?;
    Ok(metric)
}

fn workflow_execution(fields: Map<String, Value>) -> Result<WorkflowExecution, Invalid> {
    let update: WorkflowExecution = typed(fields)?;
    name("workflowId", &update.workflow_id)?;
    name("executionId", &update.execution_id)?;
    name("stage", &update.stage)?;
    update.agent_id.as_deref().map_or(Ok(()), |id| name("agentId", id))?;
    if update.progress.is_some_and(|progress| !(0.0..=100.0).contains(&progress)) {
        return Err(Invalid::field("progress", "percent, 0 to 100"));
    }
    json("result", update.result.as_ref())?;
    text("error", update.error.as_deref(), MESSAGE_BYTES)?;
    Ok(update)
}

fn memory_timeline(fields: Map<String, Value>) -> Result<MemoryTimeline, Invalid> {
    let memory: MemoryTimeline = typed(fields)?;
    name("memoryId", &memory.memory_id)?;
    text("content", memory.content.as_deref(), CONTENT_BYTES)?;
    memory.agent_id.as_deref().map_or(Ok(()), |id| name("agentId", id))?;
    if memory.tags.len() > TAGS {
        return Err(Invalid::field("tags", format_args!("at most {TAGS} of them")));
    }
    for (index, tag) in memory.tags.iter().enumerate() {
        name(&format!("tags[{index}]"), tag)?;
    }
    Ok(memory)
}

fn system_alert(fields: Map<String, Value>) -> Result<SystemAlert, Invalid> {
    let alert: SystemAlert = typed(fields)?;
    name("component", &alert.component)?;
    text("message", Some(&alert.message), MESSAGE_BYTES)?;
    json("details", alert.details.as_ref())?;
    Ok(alert)
}

/// No field but these.
fn only(fields: &Map<String, Value>, place: &str, known: &[&str]) -> Result<(), Invalid> {
    match fields.keys().find(|field| !known.contains(&field.as_str())) {
        None => Ok(()),
        Some(field) => {
            let field: String = field.chars().take(100).collect();
            Err(Invalid(format!("field `{place}{field}` is unknown: expected {}", known.join(", "))))
        }
    }
}

/// Whole milliseconds; programs that compute with fractions send some.
fn time(fields: &mut Map<String, Value>, now: Timestamp) -> Result<(), Invalid> {
    let expected = || Invalid::field("timestamp", "milliseconds since 1970");
    let ms = match fields.get("timestamp") {
        None | Some(Value::Null) => now.0,
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(ms), _) => ms,
            (None, Some(ms)) if ms.abs() <= LATEST as f64 => ms.round() as i64,
            _ => return Err(expected()),
        },
        Some(_) => return Err(expected()),
    };
    if !(0..=LATEST).contains(&ms) {
        return Err(expected());
    }
    fields.insert("timestamp".to_owned(), ms.into());
    Ok(())
}

fn typed<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.inner().to_string());
        Invalid(if path == "." { why } else { format!("field `{path}`: {why}") })
    })
}

fn name(field: &str, value: &str) -> Result<(), Invalid> {
    let is_one = !value.is_empty() && value.len() <= NAME_BYTES && !value.chars().any(char::is_control);
    // Nobody could subscribe to it.
    let expected = format_args!("1 to {NAME_BYTES} bytes, none of control, and not `*`");
    if is_one && value != "*" { Ok(()) } else { Err(Invalid::field(field, expected)) }
}

fn text(field: &str, value: Option<&str>, limit: usize) -> Result<(), Invalid> {
    match value {
        Some(text) if text.len() > limit => Err(Invalid::field(field, format_args!("at most {limit} bytes"))),
        _ => Ok(()),
    }
}

fn json(field: &str, value: Option<&impl serde::Serialize>) -> Result<(), Invalid> {
    let Some(value) = value else { return Ok(()) };
    let bytes = serde_json::to_vec(value).map_err(|error| Invalid::field(field, error))?.len();
    if bytes <= JSON_BYTES {
        Ok(())
    } else {
        Err(Invalid::field(field, format_args!("at most {JSON_BYTES} bytes of JSON")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    /// S1's five, with every field it names.
    fn samples() -> [Value; 5] {
        [
            json!({"type": "agent_state", "agentId": "my-agent", "status": "active",
                "currentTask": "Processing user request", "metadata": {"a": 1}, "timestamp": 5,
                "resourceUsage": {"cpu": 45.2, "memory": 67.8, "activeConnections": 3}}),
            json!({"type": "performance_metric", "metricName": "latency", "value": 1.5, "unit": "ms",
                "category": "network", "agentId": "a", "timestamp": 5, "metadata": {}}),
            json!({"type": "workflow_execution", "workflowId": "user-request-workflow", "executionId": "exec-123",
                "stage": "processing", "status": "running", "progress": 50, "agentId": "agent-1", "result": [1],
                "error": "none", "timestamp": 5}),
            json!({"type": "memory_timeline", "memoryId": "m", "action": "created", "content": "c",
                "importance": 0.5, "tags": ["t"], "agentId": "a", "timestamp": 5}),
            json!({"type": "system_alert", "severity": "critical", "component": "db", "message": "down",
                "details": {"x": null}, "timestamp": 5}),
        ]
    }

    #[test]
    fn every_message_of_s1_is_read_to_the_letter() {
        for sample in samples() {
            let event = read(sample.clone(), NOW).expect("it is one");
            let mut written = serde_json::to_value(event.data()).expect("JSON");
            written["type"] = event.name().into();
            let progress = written.get("progress").and_then(Value::as_f64);
            if progress.is_some() {
                written["progress"] = json!(50);
            }
            assert_eq!(written, sample);
        }
    }

    #[test]
    fn a_timestamp_may_be_left_out_and_may_have_fractions() {
        for (given, expect) in
            [(Value::Null, NOW.0), (json!(7), 7), (json!(7.6), 8), (json!(1.7e12), 1_700_000_000_000)]
        {
            for mut sample in samples() {
                sample["timestamp"] = given.clone();
                let event = read(sample, NOW).expect("it is one");
                assert_eq!(serde_json::to_value(event.data()).expect("JSON")["timestamp"], json!(expect));
            }
        }
    }

    #[test]
    fn errors_name_the_field() {
        let long = "x".repeat(70_000);
        for (index, pointer, value, part) in [
            (0, "/type", json!("agent"), "field `type`: expected one of agent_state"),
            (0, "/type", json!(3), "field `type`"),
            (0, "/agentId", json!(""), "field `agentId`: expected 1 to 512 bytes"),
            (0, "/agentId", json!("a\u{7}"), "field `agentId`"),
            (0, "/agentId", json!(7), "field `agentId`: invalid type: integer `7`, expected a string"),
            (0, "/status", json!("asleep"), "field `status`: unknown variant `asleep`, expected one of `idle`"),
            (0, "/resourceUsage", Value::Null, "field `resourceUsage`"),
            (0, "/resourceUsage/cpu", json!("much"), "field `resourceUsage.cpu`"),
            (0, "/resourceUsage/cpu", json!(-1), "field `resourceUsage.cpu`"),
            (0, "/resourceUsage/activeConnections", json!(-1), "field `resourceUsage.activeConnections`"),
            (0, "/resourceUsage/disk", json!(1), "field `resourceUsage.disk` is unknown"),
            (0, "/agentid", json!("x"), "field `agentid` is unknown"),
            (0, "/timestamp", json!("now"), "field `timestamp`: expected milliseconds"),
            (0, "/timestamp", json!(-1), "field `timestamp`"),
            (0, "/timestamp", json!(1e300), "field `timestamp`"),
            (0, "/metadata", json!({"x": long}), "field `metadata`: expected at most 65536 bytes"),
            (0, "/metadata", json!([]), "field `metadata`"),
            (1, "/value", json!("1"), "field `value`"),
            (1, "/category", json!("gpu"), "field `category`: unknown variant `gpu`"),
            (1, "/unit", Value::Null, "field `unit`"),
            (2, "/progress", json!(100.5), "field `progress`: expected percent"),
            (2, "/executionId", json!(1), "field `executionId`"),
            (2, "/workflowId", json!("w".repeat(513)), "field `workflowId`"),
            (3, "/tags", json!("t"), "field `tags`"),
            (3, "/tags/0", json!("\n"), "field `tags[0]`"),
            (3, "/tags/0", json!(1), "field `tags[0]`"),
            (3, "/content", json!(long), "field `content`: expected at most 65536 bytes"),
            (4, "/severity", json!("fatal"), "field `severity`"),
            (4, "/message", json!(long), "field `message`"),
        ] {
            let mut sample = samples()[index].clone();
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            match sample.pointer_mut(parent).expect("a place") {
                Value::Object(map) => drop(map.insert(key.to_owned(), value.clone())),
                Value::Array(list) => list[0] = value.clone(),
                other => panic!("{other}"),
            }
            let Err(Invalid(why)) = read(sample, NOW) else { panic!("{pointer} {value}") };
            assert!(why.starts_with(part), "{pointer} {value}: {why}");
        }
        for (message, part) in [
            (json!([]), "a message is an object"),
            (json!({}), "field `type` is missing"),
            (json!({"type": "system_alert"}), "missing field `severity`"),
            (json!({"type": "execution_complete"}), "field `type`"),
        ] {
            let Err(Invalid(why)) = read(message, NOW) else { panic!("{part}") };
            assert!(why.starts_with(part), "{why}");
        }
    }
}
