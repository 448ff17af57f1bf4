//! A field for JSON that says where it is wrong while one types.

use crate::{format, live::release_with};
use leptos::{html::Div, prelude::*};

/// `limit_bytes`: what the server accepts. Empty is fine: the playbook's defaults.
#[island]
pub fn JsonInput(name: String, value: String, limit_bytes: usize) -> impl IntoView {
    let root = NodeRef::<Div>::new();
    release_with(root);
    let (text, set_text) = signal(value.clone());
    let fault = Memo::new(move |_| text.with(|text| fault(text, limit_bytes)));
    let rows = value.lines().count().clamp(4, 20).to_string();
    view! {
        <div class="json-input" node_ref=root>
            <textarea
                id="run-input"
                class="field code"
                name=name
                rows=rows
                spellcheck="false"
                autocomplete="off"
                aria-describedby="run-input-check"
                aria-invalid=move || fault.with(Option::is_some).then_some("true")
                on:input=move |event| set_text.set(event_target_value(&event))
            >
                {value}
            </textarea>
            <p id="run-input-check" class="json-check" role="status" data-valid=move || fault.with(Option::is_none).to_string()>
                {move || fault.get().unwrap_or_default()}
            </p>
        </div>
    }
}

/// What the server would refuse, said before it is sent.
fn fault(text: &str, limit_bytes: usize) -> Option<String> {
    if text.len() > limit_bytes {
        let (size, limit) = (format::bytes(text.len() as u64), format::bytes(limit_bytes as u64));
        return Some(format!(
            "{size} is more than the {limit} a form may send; use the command line for larger input."
        ));
    }
    if text.trim().is_empty() {
        return None;
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) if value.is_object() => None,
        Ok(_) => Some("The input must be an object: { … }".to_owned()),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Some(format!("Line {}, column {}: {message}", error.line(), error.column()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_with_their_place() {
        for (text, expect) in [
            ("", None),
            ("{\"a\": 1}", None),
            ("[1]", Some("The input must be an object: { … }")),
            ("{\n  \"a\": trie\n}", Some("Line 2, column 10: expected ident")),
            ("{\"a\": 1", Some("Line 1, column 7: EOF while parsing an object")),
        ] {
            assert_eq!(fault(text, 100).as_deref(), expect, "{text}");
        }
        assert!(fault("{\"aaaa\":1}", 5).is_some_and(|fault| fault.contains("10 B is more than the 5 B")));
    }
}
