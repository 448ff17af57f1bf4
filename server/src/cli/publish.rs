//! `signalbox publish`

use super::{
    error::{Error, Exit},
    flags::TargetFlags,
    output::line,
    service::locate,
    source,
};
use protocol::Position;
use serde_json::{Map, Value};

/// Messages sent at once: as many as a server takes.
const AT_ONCE: usize = 1_000;

/// Publishes messages about agents, workflows, memories, metrics and alerts
///
/// signalbox publish agent_state agentId=scout status=busy resourceUsage.cpu=12.5 resourceUsage.memory=40
/// resourceUsage.activeConnections=2
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Args {
    /// agent_state, performance_metric, workflow_execution, memory_timeline or system_alert
    #[arg(value_name = "TYPE", required_unless_present = "json")]
    kind: Option<String>,
    /// Fields; a value is JSON, or else text. `a.b=1` is a field of a field
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// Messages from a file (`-`: standard input): one, a list, or one per line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "fields"])]
    json: Option<String>,
    #[command(flatten)]
    target: TargetFlags,
}

pub(super) async fn publish(args: Args) -> Result<Exit, Error> {
    let messages = match (&args.json, args.kind) {
        (Some(file), _) => of_text(file, &source::read(file)?)?,
        (None, kind) => vec![of_fields(kind.unwrap_or_default(), &args.fields)?],
    };
    let service = locate(&args.target).await?;
    let (mut published, mut position): (u32, Option<Position>) = (0, None);
    let mut outcome = Ok(());
    for batch in messages.chunks(AT_ONCE) {
        match service.publish(batch.to_vec()).await {
            Ok(answer) => {
                published += answer.published;
                position = answer.position.or(position);
            }
            Err(problem) => {
                outcome = Err(problem);
                break;
            }
        }
    }
    service.close().await;
    if published > 0 || outcome.is_ok() {
        match position {
            Some(position) => line::print(format_args!("published {published}, the last at position {position}"))?,
            None => line::print(format_args!("published {published}"))?,
        }
    }
    outcome.map(|()| Exit::Done).map_err(Error::from)
}

fn of_fields(kind: String, fields: &[String]) -> Result<Value, Error> {
    let mut message = Map::from_iter([("type".to_owned(), Value::String(kind))]);
    for field in fields {
        let (path, value) = field
            .split_once('=')
            .ok_or_else(|| Error::bad_input(format!("`{field}` is no field; expected FIELD=VALUE")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        let mut place = &mut message;
        let (parents, name) = path.rsplit_once('.').map_or((None, path), |(parents, name)| (Some(parents), name));
        for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
            let inner = place.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            place = inner.as_object_mut().ok_or_else(|| {
                Error::bad_input(format!("`{field}`: `{parent}` has a value already and can have no fields"))
            })?;
        }
        place.insert(name.to_owned(), value);
    }
    Ok(Value::Object(message))
}

fn of_text(file: &str, text: &str) -> Result<Vec<Value>, Error> {
    let messages: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    let messages = messages.map_err(|error| Error::bad_input(format!("{file}: not JSON: {error}")))?;
    Ok(messages
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(list) => list,
            message => vec![message],
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_json_or_text_and_may_be_fields_of_fields() {
        let fields =
            ["agentId=scout", "resourceUsage.cpu=1.5", "resourceUsage.memory=2", "metadata.a.b=[1]", "n=\"7\""];
        let message = of_fields("agent_state".into(), &fields.map(str::to_owned)).unwrap();
        assert_eq!(
            message,
            json!({"type": "agent_state", "agentId": "scout", "resourceUsage": {"cpu": 1.5, "memory": 2},
                "metadata": {"a": {"b": [1]}}, "n": "7"})
        );
        for wrong in ["agentId", "x.y=1"] {
            assert!(of_fields("t".into(), &["x=1".into(), wrong.into()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn messages_of_a_file_are_one_a_list_or_lines() {
        for (text, count) in [("{}", 1), ("[{},{}]", 2), ("{}\n{}\n{}\n", 3), ("", 0)] {
            assert_eq!(of_text("f", text).unwrap().len(), count, "{text}");
        }
        assert!(of_text("f", "{} nonsense").is_err());
    }
}
