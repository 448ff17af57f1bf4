//! From an emit to a frame of the hub's protocol.

use serde_json::{Map, Value, json};

/// S1's messages: emitting one publishes it.
pub(super) const MESSAGES: [&str; 5] =
    ["agent_state", "performance_metric", "workflow_execution", "memory_timeline", "system_alert"];

/// A frame to be, and the `id` the client gave it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    fields: Map<String, Value>,
    pub(super) client_id: Option<Value>,
}

impl Frame {
    /// The frame's text, under an id of ours.
    pub(super) fn text(mut self, id: u64) -> String {
        self.fields.insert("id".to_owned(), id.into());
        Value::Object(self.fields).to_string()
    }
}

/// What was emitted cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAnEmit;

/// `args` is an emit's JSON array. An unknown event becomes a frame of its type, which the hub refuses by name.
pub(super) fn frame(args: &str) -> Result<Frame, NotAnEmit> {
    let mut args: Vec<Value> = serde_json::from_str(args).map_err(|_| NotAnEmit)?;
    args.reverse();
    let Some(Value::String(mut name)) = args.pop() else { return Err(NotAnEmit) };
    let mut first = args.pop().unwrap_or(Value::Null);
    if name == "message" {
        // `send(frame)`: a frame as `/api/ws` takes it.
        let Some(Value::String(kind)) = first.get("type").cloned() else { return Err(NotAnEmit) };
        name = kind;
    }
    let client_id = first.as_object_mut().and_then(|fields| fields.remove("id"));
    let mut fields = match name.as_str() {
        "subscribe" | "unsubscribe" => topics(first),
        "command" => command(first, args.pop()),
        // An alert has a `message` of its own, which is a text.
        "publish" if !first.get("message").is_some_and(Value::is_object) => message(first),
        name if MESSAGES.contains(&name) => {
            if let Value::Object(fields) = &mut first {
                fields.insert("type".to_owned(), name.into());
            }
            message(first)
        }
        _ => object(first),
    };
    let kind = match name.as_str() {
        name if MESSAGES.contains(&name) => "publish".to_owned(),
        // Workers join over `/api/ws`: of what is theirs, nothing is known here, and the hub's refusal names no id.
        name if name.starts_with("worker_") => format!("emit {name}"),
        _ => name,
    };
    fields.insert("type".to_owned(), kind.into());
    Ok(Frame { fields, client_id })
}

/// What `auth` of the connection subscribes to, if anything.
pub(super) fn of_auth(auth: &Value) -> Option<Frame> {
    let asks = ["topics", "rooms"].iter().any(|name| auth.get(name).is_some()) || auth.get("after").is_some();
    asks.then(|| {
        let mut fields = topics(auth.clone());
        fields.insert("type".to_owned(), "subscribe".into());
        Frame { fields, client_id: None }
    })
}

/// Rooms are topics. Taken are a name, an array, and `{rooms | topics, after?, epoch?}`, where `after` is a position for
/// all of them, or an object of positions by topic.
fn topics(arg: Value) -> Map<String, Value> {
    let Value::Object(mut fields) = arg else {
        let topics = if arg.is_string() { json!([arg]) } else { arg };
        return Map::from_iter([("topics".to_owned(), topics)]);
    };
    let (after, epoch) = (fields.remove("after"), fields.remove("epoch"));
    let named = ["topics", "rooms", "topic", "room"].iter().find_map(|name| fields.remove(*name));
    let named = match (named, &after) {
        (Some(Value::Array(named)), _) => named,
        (Some(one), _) => vec![one],
        // Positions by topic name the topics.
        (None, Some(Value::Object(after))) => after.keys().cloned().map(Value::String).collect(),
        (None, _) => return fields,
    };
    let named = named.into_iter().map(|topic| resumed(topic, after.as_ref(), epoch.as_ref())).collect();
    fields.insert("topics".to_owned(), Value::Array(named));
    fields
}

fn resumed(topic: Value, after: Option<&Value>, epoch: Option<&Value>) -> Value {
    let Value::String(name) = &topic else { return topic };
    let after = match after {
        Some(Value::Object(by_topic)) => by_topic.get(name),
        after => after,
    };
    match after {
        None | Some(Value::Null) => topic,
        Some(after) => {
            let mut request = json!({ "topic": topic, "after": after });
            if let Some(epoch) = epoch.filter(|epoch| !epoch.is_null()) {
                request["epoch"] = epoch.clone();
            }
            request
        }
    }
}

/// `(method, params)` or `({method, params})`.
fn command(first: Value, second: Option<Value>) -> Map<String, Value> {
    match first {
        Value::String(method) => {
            Map::from_iter([("method".to_owned(), method.into()), ("params".to_owned(), second.unwrap_or_default())])
        }
        other => object(other),
    }
}

fn message(message: Value) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), message)])
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(args: Value, expect: Value) {
        let text = frame(&args.to_string()).map(|frame| frame.text(9));
        let text = text.unwrap_or_else(|NotAnEmit| panic!("{args}"));
        let mut expect = expect;
        expect["id"] = json!(9);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expect, "{args}");
    }

    #[test]
    fn every_way_to_subscribe_is_the_same() {
        let plain = json!({"type": "subscribe", "topics": ["agent_states", "agent:a"]});
        for args in [
            json!(["subscribe", {"rooms": ["agent_states", "agent:a"]}]),
            json!(["subscribe", {"topics": ["agent_states", "agent:a"], "id": 4}]),
            json!(["subscribe", ["agent_states", "agent:a"]]),
            json!(["message", {"type": "subscribe", "topics": ["agent_states", "agent:a"]}]),
        ] {
            check(args, plain.clone());
        }
        check(json!(["subscribe", "events"]), json!({"type": "subscribe", "topics": ["events"]}));
        check(json!(["unsubscribe", {"room": "events"}]), json!({"type": "unsubscribe", "topics": ["events"]}));
        check(json!(["subscribe"]), json!({"type": "subscribe", "topics": null}));
        check(json!(["subscribe", {}]), json!({"type": "subscribe"}));
    }

    #[test]
    fn positions_are_of_all_topics_or_by_topic() {
        check(
            json!(["subscribe", {"rooms": ["events", "agent:a"], "after": 7, "epoch": "e"}]),
            json!({"type": "subscribe", "topics": [
                {"topic": "events", "after": 7, "epoch": "e"}, {"topic": "agent:a", "after": 7, "epoch": "e"}]}),
        );
        check(
            json!(["subscribe", {"rooms": ["events", "agent:a"], "after": {"agent:a": 3}}]),
            json!({"type": "subscribe", "topics": ["events", {"topic": "agent:a", "after": 3}]}),
        );
        check(
            json!(["subscribe", {"topics": [{"topic": "events", "after": 1}], "after": 7}]),
            json!({"type": "subscribe", "topics": [{"topic": "events", "after": 1}]}),
        );
        let auth = |auth: Value| of_auth(&auth).map(|frame| frame.text(1));
        assert_eq!(auth(json!({"token": "t"})), None);
        assert_eq!(
            auth(json!({"after": {"events": 2}})).unwrap(),
            r#"{"id":1,"topics":[{"after":2,"topic":"events"}],"type":"subscribe"}"#
        );
    }

    #[test]
    fn messages_are_published_and_commands_called() {
        let alert = json!({"severity": "info", "component": "c", "message": "m"});
        let mut message = alert.clone();
        message["type"] = json!("system_alert");
        let published = json!({"type": "publish", "message": message});
        check(json!(["system_alert", alert]), published.clone());
        check(json!(["publish", message]), published.clone());
        check(json!(["publish", {"message": message}]), published.clone());
        check(json!(["message", message]), published);
        let command = json!({"type": "command", "method": "execution", "params": {"execution_id": "x"}});
        check(json!(["command", "execution", {"execution_id": "x"}]), command.clone());
        check(json!(["command", {"method": "execution", "params": {"execution_id": "x"}}]), command);
        check(json!(["authenticate", {"token": "t"}]), json!({"type": "authenticate", "token": "t"}));
        check(json!(["dance", 1]), json!({"type": "dance"}));
        check(json!(["worker_drain"]), json!({"type": "emit worker_drain"}));
    }

    #[test]
    fn nonsense_is_no_emit() {
        for args in ["", "{}", "[]", "[1]", "[null]", r#"["message"]"#, r#"["message",{"type":1}]"#] {
            assert_eq!(frame(args), Err(NotAnEmit), "{args}");
        }
    }
}
