//! What a person is asked, and the form that answers it.

use crate::href;
use leptos::prelude::*;
use protocol::ExecutionId;
use serde_json::Value;

/// `form`: a list of `{name, label, type, required, default, options}`. `approved` is what the buttons say.
#[component]
pub(crate) fn ApprovalForm(
    execution_id: ExecutionId,
    step: String,
    visit: u32,
    message: String,
    form: Value,
    return_to: String,
) -> impl IntoView {
    let anchor = format!("answer-{}-{visit}", href::step_anchor(&step));
    let fields = form.as_array().cloned().unwrap_or_default();
    let fields = fields.into_iter().filter(|field| field["name"] != "approved");
    let fields = fields.map(|field| view! { <Field field anchor=anchor.clone() /> }).collect_view();
    let lines = message.lines().map(|line| view! { <p>{line.to_owned()}</p> }).collect_view();
    view! {
        <form class="approval-form" method="post" action="/api/sf/answer_approval">
            <div class="approval-message">{lines}</div>
            <input type="hidden" name="execution_id" value=execution_id.to_string() />
            <input type="hidden" name="step" value=step.clone() />
            <input type="hidden" name="visit" value=visit.to_string() />
            <input type="hidden" name="return_to" value=return_to />
            {fields}
            <p class="actions">
                <button
                    class="button primary"
                    type="submit"
                    name="fields[approved]"
                    value="true"
                    aria-label=format!("Approve {step}")
                >
                    "Approve"
                </button>
                <button
                    class="button danger"
                    type="submit"
                    name="fields[approved]"
                    value="false"
                    formnovalidate
                    aria-label=format!("Reject {step}")
                >
                    "Reject"
                </button>
            </p>
        </form>
    }
}

#[component]
fn Field(field: Value, anchor: String) -> impl IntoView {
    let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
    let name = text("name");
    let label = if text("label").is_empty() { name.clone() } else { text("label") };
    let id = format!("{anchor}-{name}");
    let key = format!("fields[{name}]");
    let kind = text("type");
    let is_required = field["required"] != false;
    let default = plain(&field["default"]);
    if kind == "boolean" {
        let checked = field["default"] == true;
        return view! {
            <label class="check" for=id.clone()>
                <input id=id.clone() type="checkbox" name=key value="true" checked=checked />
                {label}
            </label>
        }
        .into_any();
    }
    let optional = (!is_required).then_some(" (optional)");
    let control = if kind == "choice" {
        let options: Vec<String> = field["options"].as_array().into_iter().flatten().map(plain).collect();
        let nothing = (!is_required || default.is_empty()).then(|| view! { <option value="">"Choose"</option> });
        let options = options
            .into_iter()
            .map(|option| {
                let selected = option == default;
                view! { <option value=option.clone() selected=selected>{option.clone()}</option> }
            })
            .collect_view();
        view! { <select class="field" id=id.clone() name=key required=is_required>{nothing}{options}</select> }
            .into_any()
    } else {
        let (input_type, step) = match kind.as_str() {
            "number" => ("number", Some("any")),
            "integer" => ("number", Some("1")),
            _ => ("text", None),
        };
        view! {
            <input
                class="field"
                id=id.clone()
                type=input_type
                step=step
                name=key
                value=default
                required=is_required
                autocomplete="off"
            />
        }
        .into_any()
    };
    view! {
        <label for=id>{label}<span class="quiet">{optional}</span></label>
        {control}
    }
    .into_any()
}

/// A value as it stands in a field.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
