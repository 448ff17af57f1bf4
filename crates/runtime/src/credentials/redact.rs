//! Takes what a task was given out of what comes back: a credential's secrets become `***`, a secret of the
//! environment its handle again.

use super::spellings;
use aho_corasick::{AhoCorasick, MatchKind};
use protocol::{
    TaskError,
    task::{Logs, TaskOutcome},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};
use worker::Run;

const HIDDEN: &str = "***";
/// Shorter ends of a secret at the front of a cut log tell nothing.
const SHORTEST_END: usize = 4;

/// What is to be replaced, and by what.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, String>);

/// Ready to be used on a run.
pub(crate) struct Redaction(Option<Search>);

struct Search {
    patterns: AhoCorasick,
    texts: Vec<String>,
    replacements: Vec<String>,
}

impl Known {
    pub(super) fn credential(&mut self, value: &Value) {
        for text in spellings::of_credential(value) {
            self.0.entry(text).or_insert_with(|| HIDDEN.to_owned());
        }
    }

    pub(super) fn secret(&mut self, secret: &SecretString, handle: &str) {
        for text in spellings::of_secret(secret.expose_secret()) {
            self.0.insert(text, handle.to_owned());
        }
    }

    pub(super) fn redaction(self) -> Redaction {
        if self.0.is_empty() {
            return Redaction(None);
        }
        let (texts, replacements): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&texts)
            .expect("patterns are bounded by the size of a credential");
        Redaction(Some(Search { patterns, texts, replacements }))
    }
}

impl Redaction {
    /// Nothing was opened.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn text(&self, text: String) -> String {
        match &self.0 {
            Some(search) => search.text(&text).into_owned(),
            None => text,
        }
    }

    pub(crate) fn run(&self, run: Run) -> Run {
        let Some(search) = &self.0 else { return run };
        let outcome = match run.outcome {
            TaskOutcome::Completed { result } => TaskOutcome::Completed { result: search.shared(result) },
            TaskOutcome::Failed { error, result } => {
                TaskOutcome::Failed { error: search.error(error), result: result.map(|result| search.shared(result)) }
            }
        };
        Run { outcome, logs: search.logs(run.logs) }
    }
}

impl Search {
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.patterns.is_match(text) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(self.patterns.replace_all(text, &self.replacements))
    }

    fn shared(&self, value: Arc<Value>) -> Arc<Value> {
        if self.is_in(&value) { Arc::new(self.value(Arc::unwrap_or_clone(value))) } else { value }
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.patterns.is_match(text),
            Value::Number(number) => self.patterns.is_match(&number.to_string()),
            Value::Array(items) => items.iter().any(|item| self.is_in(item)),
            Value::Object(map) => map.iter().any(|(key, value)| self.patterns.is_match(key) || self.is_in(value)),
            Value::Bool(_) | Value::Null => false,
        }
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text).into_owned()),
            // A secret of digits may come back as a number. One that has it among its digits by chance stays.
            Value::Number(number) => match self.texts.iter().position(|text| *text == number.to_string()) {
                Some(index) => Value::String(self.replacements[index].clone()),
                None => Value::Number(number),
            },
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => {
                let pair = |(key, value): (String, Value)| (self.text(&key).into_owned(), self.value(value));
                Value::Object(map.into_iter().map(pair).collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    fn error(&self, error: TaskError) -> TaskError {
        TaskError {
            message: self.text(&error.message).into_owned(),
            details: error.details.map(|details| self.text(&details).into_owned()),
            ..error
        }
    }

    fn logs(&self, logs: Logs) -> Logs {
        let is_cut = logs.omitted_bytes > 0;
        let stream = |text: &str| self.text(if is_cut { self.without_end(text) } else { text }).into_owned();
        Logs { stdout: stream(&logs.stdout), stderr: stream(&logs.stderr), omitted_bytes: logs.omitted_bytes }
    }

    /// A log whose front was cut off may begin in the middle of a secret.
    fn without_end<'a>(&self, log: &'a str) -> &'a str {
        let ends = |text: &str| {
            let starts = text.char_indices().skip(1).map(|(at, _)| at);
            starts
                .map(|at| text.len() - at)
                .find(|len| *len >= SHORTEST_END && log.starts_with(&text[text.len() - len..]))
        };
        let longest = self.texts.iter().filter_map(|text| ends(text)).max().unwrap_or(0);
        &log[longest..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn redaction() -> Redaction {
        let mut known = Known::default();
        known.credential(&json!({"type": "basic", "username": "ada", "password": "hunter2"}));
        known.secret(&"secret-token".into(), "signalbox-secret.T.00");
        known.secret(&"87654321".into(), "signalbox-secret.PIN.00");
        known.redaction()
    }

    #[test]
    fn what_was_given_does_not_come_back() {
        let result = json!({
            "authorization": "Basic YWRhOmh1bnRlcjI=",
            "echo": ["hunter2!", {"x-hunter2": "secret-token"}],
            "pin": 87_654_321,
            "larger": 987_654_321,
            "who": "ada",
        });
        let logs = Logs { stdout: "user=ada&password=hunter2\n".into(), ..Logs::default() };
        let run = redaction().run(Run::completed(result).with_logs(logs));
        let TaskOutcome::Completed { result } = run.outcome else { panic!("completed") };
        assert_eq!(
            *result,
            json!({
                "authorization": "Basic ***",
                "echo": ["***!", {"x-***": "signalbox-secret.T.00"}],
                "pin": "signalbox-secret.PIN.00",
                "larger": 987_654_321,
                "who": "ada",
            })
        );
        assert_eq!(run.logs.stdout, "user=ada&password=***\n");
    }

    #[test]
    fn errors_and_cut_logs_are_redacted_too() {
        let error = TaskError::new("x", "no hunter2").with_details("at secret-token");
        let logs = Logs { stdout: "ret-token\nrest".into(), stderr: "nter2 é".into(), omitted_bytes: 9 };
        let run = redaction().run(Run::failed(error).with_logs(logs));
        let TaskOutcome::Failed { error, .. } = run.outcome else { panic!("failed") };
        assert_eq!((error.message.as_str(), error.details.as_deref()), ("no ***", Some("at signalbox-secret.T.00")));
        assert_eq!((run.logs.stdout.as_str(), run.logs.stderr.as_str()), ("\nrest", " é"));
    }

    #[test]
    fn without_secrets_nothing_is_touched() {
        let run = Run::completed(json!({"a": "hunter2"}));
        assert_eq!(Known::default().redaction().run(run.clone()), run);
    }
}
