//! From the text of a message to a frame, with errors that name the field.
//!
//! Serde's derived reader of the same type accepts the same frames (a test says so) but its errors do not say
//! which of many topics is wrong.

use protocol::{
    Epoch, Position,
    frame::{
        ClientFrame, FromWorker, TopicRequest,
        worker::{WorkerDrain, WorkerHeartbeat, WorkerJoin, WorkerReports},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Longest `id`, bytes of text: it is echoed, so it must not be a way to store data here.
const ID_BYTES: usize = 256;

/// What a message can be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Frame {
    Client(ClientFrame),
    Worker(FromWorker),
}

/// Why a message is no frame. `id` is the frame's own where it could be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Invalid {
    pub(super) id: Option<Value>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Whether a message says of itself that it is `authenticate`: looked for without holding anything of it.
pub(super) fn is_authenticate(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(rename = "type", borrow)]
        kind: Cow<'a, str>,
    }
    serde_json::from_str::<Said<'_>>(text).is_ok_and(|said| said.kind == "authenticate")
}

pub(super) fn parse(text: &str) -> Result<Frame, Invalid> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Invalid::new("invalid_json", format!("the message is not JSON: {error}")))?;
    let Value::Object(mut fields) = value else {
        return Err(Invalid::new("invalid_json", "the message must be one JSON object".to_owned()));
    };
    let id = take_id(&mut fields)?;
    frame(fields, id.clone()).map_err(|invalid| Invalid { id, ..invalid })
}

impl Invalid {
    fn new(code: &'static str, message: String) -> Self {
        Self { id: None, code, message }
    }

    pub(super) fn forbidden(message: String) -> Self {
        Self::new("forbidden", message)
    }

    pub(super) fn field(name: &str, expected: &str) -> Self {
        Self::new("invalid_field", format!("field `{name}`: expected {expected}"))
    }
}

fn frame(mut fields: Map<String, Value>, id: Option<Value>) -> Result<Frame, Invalid> {
    const TYPES: &str = "one of subscribe, unsubscribe, command, publish, authenticate, ping, or of a worker worker_join, worker_reports, \
         worker_heartbeat, worker_drain";
    let kind = match fields.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(Invalid::field("type", TYPES)),
        None => return Err(Invalid::new("missing_field", format!("field `type` is missing: expected {TYPES}"))),
    };
    let frame = match kind.as_str() {
        "worker_join" => {
            return Ok(Frame::Worker(FromWorker::Join(WorkerJoin { id, ..read(fields)? })));
        }
        "worker_reports" => {
            return Ok(Frame::Worker(FromWorker::Reports(WorkerReports { id, ..read(fields)? })));
        }
        "worker_heartbeat" => return Ok(Frame::Worker(FromWorker::Heartbeat(read::<WorkerHeartbeat>(fields)?))),
        "worker_drain" => return Ok(Frame::Worker(FromWorker::Drain(WorkerDrain { id }))),
        "subscribe" => Ok(ClientFrame::Subscribe { id, topics: topics(&mut fields)? }),
        "unsubscribe" => Ok(ClientFrame::Unsubscribe { id, topics: topics(&mut fields)? }),
        "command" => Ok(ClientFrame::Command {
            id: id.ok_or_else(|| {
                Invalid::new("missing_field", "field `id` is missing: the reply carries the same id".to_owned())
            })?,
            method: match fields.remove("method") {
                Some(Value::String(method)) if !method.is_empty() => method,
                Some(_) => return Err(Invalid::field("method", "the name of a method")),
                None => return Err(Invalid::new("missing_field", "field `method` is missing".to_owned())),
            },
            params: fields.remove("params").unwrap_or(Value::Null),
        }),
        "publish" => Ok(ClientFrame::Publish {
            id,
            message: match fields.remove("message") {
                Some(message @ Value::Object(_)) => message,
                Some(_) => return Err(Invalid::field("message", "an object with a `type`")),
                None => return Err(Invalid::new("missing_field", "field `message` is missing".to_owned())),
            },
        }),
        "authenticate" => Ok(ClientFrame::Authenticate {
            id,
            token: match fields.remove("token") {
                Some(Value::String(token)) if !token.is_empty() => token,
                Some(_) => return Err(Invalid::field("token", "an API token or a JWT")),
                None => return Err(Invalid::new("missing_field", "field `token` is missing".to_owned())),
            },
        }),
        "ping" => Ok(ClientFrame::Ping { id }),
        other => {
            let other: String = other.chars().take(100).collect();
            Err(Invalid::new("unknown_type", format!("field `type`: `{other}` is unknown, expected {TYPES}")))
        }
    };
    frame.map(Frame::Client)
}

/// The fields of a worker's frame.
fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, Invalid> {
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let (path, why) = (error.path().to_string(), error.inner().to_string());
        let code = if why.starts_with("missing field") { "missing_field" } else { "invalid_field" };
        Invalid::new(code, if path == "." { why } else { format!("field `{path}`: {why}") })
    })
}

fn take_id(fields: &mut Map<String, Value>) -> Result<Option<Value>, Invalid> {
    match fields.remove("id") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() > ID_BYTES => {
            Err(Invalid::field("id", "at most 256 bytes, since every answer echoes it"))
        }
        Some(id @ (Value::String(_) | Value::Number(_))) => Ok(Some(id)),
        Some(_) => Err(Invalid::field("id", "a string or a number")),
    }
}

fn topics(fields: &mut Map<String, Value>) -> Result<Vec<TopicRequest>, Invalid> {
    let list = match fields.remove("topics") {
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Invalid::field("topics", "a list of topics")),
        None => return Err(Invalid::new("missing_field", "field `topics` is missing: a list of topics".to_owned())),
    };
    list.into_iter().enumerate().map(|(index, item)| topic(index, item)).collect()
}

fn topic(index: usize, item: Value) -> Result<TopicRequest, Invalid> {
    let mut fields = match item {
        Value::String(name) => return Ok(TopicRequest::Name(name)),
        Value::Object(fields) => fields,
        _ => return Err(Invalid::field(&format!("topics[{index}]"), "a topic's name or {topic, after, epoch}")),
    };
    Ok(TopicRequest::From {
        topic: match fields.remove("topic") {
            Some(Value::String(name)) => name,
            _ => return Err(Invalid::field(&format!("topics[{index}].topic"), "a topic's name")),
        },
        after: match fields.remove("after") {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) if number.is_u64() => number.as_u64().map(Position),
            Some(_) => return Err(Invalid::field(&format!("topics[{index}].after"), "a position: an integer from 0")),
        },
        epoch: match fields.remove("epoch") {
            None | Some(Value::Null) => None,
            Some(Value::String(epoch)) => Some(Epoch(epoch)),
            Some(_) => return Err(Invalid::field(&format!("topics[{index}].epoch"), "the epoch of `hello`, a string")),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_frame_reads_as_serde_reads_it() {
        for text in [
            r#"{"type":"subscribe","topics":["thread:45"]}"#,
            r#"{"type":"subscribe","id":7,"topics":["agent_states",{"topic":"events","after":0,"epoch":"e"}]}"#,
            r#"{"type":"subscribe","id":"a","topics":[{"topic":"events","after":null}]}"#,
            r#"{"type":"unsubscribe","topics":[]}"#,
            r#"{"type":"command","id":1,"method":"health"}"#,
            r#"{"type":"command","id":"x","method":"submit","params":{"path":"p"},"later":true}"#,
            r#"{"type":"publish","message":{"type":"agent_state","agentId":"a"}}"#,
            r#"{"type":"publish","id":1,"message":{}}"#,
            r#"{"type":"authenticate","id":1,"token":"sbx_t"}"#,
            r#"{"type":"ping"}"#,
            r#"{"id":3.5,"type":"ping"}"#,
        ] {
            let derived: ClientFrame = serde_json::from_str(text).unwrap();
            assert_eq!(parse(text), Ok(Frame::Client(derived)), "{text}");
        }
    }

    #[test]
    fn frames_of_workers_read_as_serde_reads_them() {
        let key = r#"{"execution_id":"01998c4e-9c1b-7d2e-8a10-0123456789ab","step":"s","visit":1,"attempt":1}"#;
        for text in [
            r#"{"type":"worker_join","name":"w","protocols":["noop"],"concurrency":1}"#.to_owned(),
            format!(r#"{{"type":"worker_join","id":1,"name":"w","protocols":["a"],"concurrency":2,"tasks":[{key}]}}"#),
            r#"{"type":"worker_reports"}"#.to_owned(),
            format!(
                r#"{{"type":"worker_reports","id":"r","released":[{key}],
                    "reports":[{{"key":{key},"outcome":"completed","result":null,"duration_ms":1}}]}}"#
            ),
            format!(r#"{{"type":"worker_heartbeat","tasks":[{key}],"progress":[{{"key":{key},"percent":5}}]}}"#),
            r#"{"type":"worker_drain","id":7}"#.to_owned(),
        ] {
            let derived: FromWorker = serde_json::from_str(&text).unwrap();
            assert_eq!(parse(&text), Ok(Frame::Worker(derived)), "{text}");
        }
    }

    #[test]
    fn errors_name_the_field() {
        for (text, code, part) in [
            ("", "invalid_json", "not JSON"),
            ("[1]", "invalid_json", "one JSON object"),
            ("{}", "missing_field", "`type`"),
            (r#"{"type":4}"#, "invalid_field", "`type`"),
            (r#"{"type":"dance"}"#, "unknown_type", "`dance`"),
            (r#"{"type":"publish"}"#, "missing_field", "`message`"),
            (r#"{"type":"publish","message":[]}"#, "invalid_field", "`message`"),
            (r#"{"type":"subscribe"}"#, "missing_field", "`topics`"),
            (r#"{"type":"subscribe","topics":"x"}"#, "invalid_field", "`topics`"),
            (r#"{"type":"subscribe","topics":["a",4]}"#, "invalid_field", "`topics[1]`"),
            (r#"{"type":"subscribe","topics":[{"after":4}]}"#, "invalid_field", "`topics[0].topic`"),
            (r#"{"type":"subscribe","topics":[{"topic":"a","after":-4}]}"#, "invalid_field", "`topics[0].after`"),
            (r#"{"type":"subscribe","topics":[{"topic":"a","epoch":1}]}"#, "invalid_field", "`topics[0].epoch`"),
            (r#"{"type":"command","method":"x"}"#, "missing_field", "`id`"),
            (r#"{"type":"command","id":1}"#, "missing_field", "`method`"),
            (r#"{"type":"command","id":1,"method":""}"#, "invalid_field", "`method`"),
            (r#"{"type":"authenticate"}"#, "missing_field", "`token`"),
            (r#"{"type":"authenticate","token":""}"#, "invalid_field", "`token`"),
            (r#"{"type":"ping","id":{}}"#, "invalid_field", "`id`"),
            (r#"{"type":"worker_join"}"#, "missing_field", "`name`"),
            (r#"{"type":"worker_join","name":"w","protocols":[1]}"#, "invalid_field", "`protocols[0]`"),
            (r#"{"type":"worker_reports","reports":[{"key":{}}]}"#, "missing_field", "`execution_id`"),
            (r#"{"type":"worker_reports","reports":[{"key":4}]}"#, "invalid_field", "`reports[0]"),
            (r#"{"type":"worker_heartbeat","tasks":{}}"#, "invalid_field", "`tasks`"),
        ] {
            let invalid = parse(text).unwrap_err();
            assert_eq!(invalid.code, code, "{text}");
            assert!(invalid.message.contains(part), "{text}: {}", invalid.message);
        }
    }

    #[test]
    fn what_says_that_it_is_authenticate_is_found() {
        for (text, expect) in [
            (r#"{"type":"authenticate","id":1,"token":"sbx_t"}"#, true),
            (r#"{"id":[{"deep":[1]}],"token":"sbx_t","\u0074ype":"auth\u0065nticate"}"#, true),
            (r#"{"type":"ping"}"#, false),
            (r#"{"token":"sbx_t"}"#, false),
            (r#"{"type":"ping","type":"authenticate"}"#, false),
            (r#"{"type":["authenticate"]}"#, false),
            ("[0,0,0]", false),
            (r#"{"type":"authenticate""#, false),
        ] {
            assert_eq!(is_authenticate(text), expect, "{text}");
        }
    }

    #[test]
    fn the_answer_to_an_invalid_frame_carries_its_id() {
        assert_eq!(parse(r#"{"id":9,"type":"dance"}"#).unwrap_err().id, Some(json!(9)));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let text = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(parse(&text).unwrap_err().code, "invalid_json");
    }
}
