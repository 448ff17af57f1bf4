//! What forms have in common: an execution's id, and its input.

use protocol::{ExecutionId, Problem};
use serde_json::Value;

/// Largest input a form takes, bytes: about what a request may have. Larger ones go by the command line.
pub(crate) const INPUT_LIMIT: usize = 1 << 20;

pub(super) fn id(text: &str) -> Result<ExecutionId, Problem> {
    text.parse().map_err(|error| Problem::bad_request("bad_id", format!("{error}")))
}

/// Nothing, or an object.
pub(super) fn parse(input: &str) -> Result<Option<Value>, Problem> {
    if input.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(input).map_err(|error| {
        Problem::bad_request("invalid_json", format!("the input is not JSON: {error}; correct it and run again"))
    })?;
    if !value.is_object() {
        let detail = "the input must be an object: { … }, merged over the playbook's workload";
        return Err(Problem::bad_request("input_not_an_object", detail));
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_id_is_told() {
        assert_eq!(id("7").unwrap_err().code, "bad_id");
        assert!(id("01998c4e-9c1b-7d2e-8a10-0123456789ab").is_ok());
    }

    #[test]
    fn input_is_an_object_or_nothing() {
        for (input, code) in [
            ("", None),
            ("  \r\n", None),
            ("{\"a\": 1}", None),
            ("{", Some("invalid_json")),
            ("[1]", Some("input_not_an_object")),
        ] {
            assert_eq!(parse(input).err().map(|problem| problem.code), code.map(str::to_owned), "{input}");
        }
    }
}
