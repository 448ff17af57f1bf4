//! From a frame of the hub to what a Socket.IO client is sent.

use super::{answer::Answers, packet};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use std::{borrow::Cow, fmt::Write};

/// S1's messages carry their type in themselves.
const TYPED: [&str; 5] = super::emit::MESSAGES;

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

#[derive(Deserialize)]
struct EventFrame<'a> {
    #[serde(borrow)]
    topics: &'a RawValue,
    #[serde(borrow)]
    event: Event<'a>,
}

/// An envelope, nothing of it read but its type.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    position: &'a RawValue,
    #[serde(borrow)]
    time: &'a RawValue,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    correlation_id: &'a RawValue,
    #[serde(borrow)]
    causation_id: &'a RawValue,
    #[serde(borrow)]
    traceparent: &'a RawValue,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Deserialize)]
struct MetricsFrame<'a> {
    #[serde(borrow)]
    topics: &'a RawValue,
    #[serde(borrow)]
    metrics: Vec<&'a RawValue>,
}

/// The packet for a frame: an answer acknowledges its emit, or is emitted under its type when no acknowledgement was
/// asked for; an event is emitted under its own type; everything else under the frame's.
pub(super) fn packet(frame: &str, answers: &Answers) -> Result<String, serde_json::Error> {
    let kind = serde_json::from_str::<Head<'_>>(frame)?.r#type;
    match kind.as_ref() {
        "event" => {
            let EventFrame { topics, event } = serde_json::from_str(frame)?;
            Ok(packet::event(&event.r#type, &payload(topics, &event)))
        }
        "subscribed" | "unsubscribed" | "reply" | "error" | "pong" | "published" | "authenticated" => {
            let mut fields: Map<String, Value> = serde_json::from_str(frame)?;
            let asked = fields.remove("id").and_then(|id| id.as_u64()).and_then(|id| answers.take(id));
            let Some(asked) = asked else { return Ok(packet::event(&kind, &Value::Object(fields).to_string())) };
            if let Some(id) = asked.client_id {
                fields.insert("id".to_owned(), id);
            }
            let answer = Value::Object(fields).to_string();
            Ok(match asked.ack {
                Some(ack) => packet::acknowledged(ack, &answer),
                None => packet::event(&kind, &answer),
            })
        }
        "performance_metrics" => {
            let MetricsFrame { topics, metrics } = serde_json::from_str(frame)?;
            Ok(packet::event(&kind, &measured(topics, &metrics)))
        }
        kind => Ok(packet::event(kind, frame)),
    }
}

/// Measurements of one room, each with its type: a batch of messages as any other of them comes alone.
fn measured(topics: &RawValue, metrics: &[&RawValue]) -> String {
    let mut payload = format!("{{\"type\":\"performance_metrics\",\"topics\":{topics},\"metrics\":[");
    for (index, metric) in metrics.iter().enumerate() {
        let fields = metric.get().trim().strip_prefix('{').unwrap_or_default();
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(payload, "{comma}{{\"type\":\"performance_metric\",{fields}");
    }
    payload.push_str("]}");
    payload
}

/// The event's data, with the rest of the envelope under `_meta`.
fn payload(topics: &RawValue, event: &Event<'_>) -> String {
    let data = event.data.get().trim();
    let mut payload = String::with_capacity(data.len() + 512);
    payload.push('{');
    if TYPED.contains(&event.r#type.as_ref()) {
        let _ = write!(payload, "\"type\":{},", Value::from(event.r#type.as_ref()));
    }
    let fields = data.strip_prefix('{').and_then(|data| data.strip_suffix('}')).map(str::trim);
    match fields {
        Some("") => {}
        Some(fields) => {
            let _ = write!(payload, "{fields},");
        }
        None => {
            let _ = write!(payload, "\"value\":{data},");
        }
    }
    let Event { id, position, time, correlation_id, causation_id, traceparent, .. } = event;
    let _ = write!(
        payload,
        "\"_meta\":{{\"id\":{id},\"position\":{position},\"time\":{time},\"correlation_id\":{correlation_id},\
         \"causation_id\":{causation_id},\"traceparent\":{traceparent},\"topics\":{topics}}}}}"
    );
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socketio::answer::Asked;
    use serde_json::json;

    #[track_caller]
    fn check(frame: Value, answers: &Answers, expect: &str, payload: Value) {
        let packet = packet(&frame.to_string(), answers).unwrap();
        let (head, rest) = packet.split_at(packet.find('[').unwrap());
        assert_eq!(head, expect);
        assert_eq!(serde_json::from_str::<Value>(rest).unwrap(), payload, "{frame}");
    }

    fn event(kind: &str, data: Value) -> Value {
        json!({"type": "event", "topics": ["events"], "event": {"id": "i", "position": 4, "time": 5, "type": kind,
            "correlation_id": "c", "causation_id": null, "traceparent": null, "data": data}})
    }

    #[test]
    fn an_event_is_its_data_with_the_rest_under_meta() {
        let meta = json!({"id": "i", "position": 4, "time": 5, "correlation_id": "c", "causation_id": null,
            "traceparent": null, "topics": ["events"]});
        let answers = Answers::default();
        for (kind, data, mut expect) in [
            ("step_started", json!({"step": "a\"}"}), json!({"step": "a\"}"})),
            ("step_started", json!({}), json!({})),
            ("agent_state", json!({"agentId": "a"}), json!({"agentId": "a", "type": "agent_state"})),
            ("odd", json!([1]), json!({"value": [1]})),
        ] {
            expect["_meta"] = meta.clone();
            check(event(kind, data), &answers, "2", json!([kind, expect]));
        }
    }

    #[test]
    fn measurements_of_a_batch_have_their_type() {
        let metric = |value: f64| json!({"metricName": "a\"}", "value": value, "unit": "ms", "category": "agent"});
        let frame =
            json!({"type": "performance_metrics", "topics": ["agent:a"], "metrics": [metric(1.0), metric(2.0)]});
        let mut expect = frame.clone();
        for metric in expect["metrics"].as_array_mut().unwrap() {
            metric["type"] = json!("performance_metric");
        }
        check(frame, &Answers::default(), "2", json!(["performance_metrics", expect]));
    }

    #[test]
    fn an_answer_goes_to_who_asked() {
        let answers = Answers::default();
        let asked = answers.ask(Asked { ack: Some(7), client_id: None }).unwrap();
        let own = answers.ask(Asked { ack: None, client_id: Some(json!("mine")) }).unwrap();
        let reply = |id: Value| json!({"type": "reply", "id": id, "result": 1});
        check(reply(json!(asked)), &answers, "37", json!([{"type": "reply", "result": 1}]));
        let told = json!(["reply", {"type": "reply", "id": "mine", "result": 1}]);
        check(reply(json!(own)), &answers, "2", told);
        let error = json!({"type": "error", "code": "c", "message": "m", "temporary": false});
        check(error.clone(), &answers, "2", json!(["error", error]));
        let gap = json!({"type": "gap", "topic": "events", "from": 1, "to": 2, "reason": "epoch"});
        check(gap.clone(), &answers, "2", json!(["gap", gap]));
    }
}
