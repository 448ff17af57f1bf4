//! Says what a client does, to who asked for that.

use serde_json::Value;
use std::sync::Arc;

/// Of longer frames the beginning is said.
const CHARACTERS: usize = 500;

/// Who is told, line by line.
pub(super) type Listener = Arc<dyn Fn(&str) + Send + Sync>;

/// Nobody is told unless asked for. Tokens are not told.
#[derive(Clone, Default)]
pub(super) struct Debug(pub(super) Option<Listener>);

impl Debug {
    pub(super) fn say(&self, line: impl FnOnce() -> String) {
        if let Some(tell) = &self.0 {
            tell(&line());
        }
    }

    pub(super) fn sent(&self, text: &str) {
        self.say(|| match serde_json::from_str::<Value>(text) {
            Ok(frame) if frame["type"] != "authenticate" => format!("→ {}", beginning(text)),
            _ => r#"→ {"type":"authenticate",…}"#.to_owned(),
        });
    }

    pub(super) fn received(&self, text: &str) {
        self.say(|| format!("← {}", beginning(text)));
    }
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn frames_are_told_in_full_to_five_hundred_characters_and_tokens_never() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let told = lines.clone();
        let debug = Debug(Some(Arc::new(move |line: &str| told.lock().unwrap().push(line.to_owned()))));
        debug.sent(r#"{"id":"proof","token":"sbx_secret","type":"authenticate"}"#);
        debug.sent(r#"{"type":"ping"}"#);
        debug.received(r#"{"type":"pong"}"#);
        debug.received(&"ä".repeat(501));
        let long = format!("← {}…", "ä".repeat(500));
        let expected = [r#"→ {"type":"authenticate",…}"#, r#"→ {"type":"ping"}"#, r#"← {"type":"pong"}"#, &long];
        assert_eq!(*lines.lock().unwrap(), expected);
        Debug::default().say(|| panic!("nobody asked"));
    }
}
