//! What a person is asked, and the form that answers it.

use crate::href;
use leptos::prelude::*;
use protocol::{Action, ExecutionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What stood in a form that was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalEntered {
    pub execution_id: ExecutionId,
    pub step: String,
    pub visit: u32,
    pub fields: BTreeMap<String, String>,
}

impl ApprovalEntered {
    /// It was this question's.
    pub(crate) fn is_of(&self, execution_id: ExecutionId, step: &str, visit: u32) -> bool {
        (self.execution_id, self.step.as_str(), self.visit) == (execution_id, step, visit)
    }
}

/// `form`: a list of `{name, label, type, required, default, options}`. `approved` is what the buttons say. `entered`
/// is preferred to the defaults, if it was this question's. Without `may_answer` it is the question alone.
#[component]
pub(crate) fn ApprovalForm(
    execution_id: ExecutionId,
    step: String,
    visit: u32,
    message: String,
    form: Value,
    return_to: String,
    entered: Option<ApprovalEntered>,
    may_answer: bool,
) -> impl IntoView {
    let anchor = format!("answer-{execution_id}-{}-{visit}", href::step_anchor(&step));
    let entered = entered.filter(|entered| entered.is_of(execution_id, &step, visit)).map(|entered| entered.fields);
    let fields = form.as_array().cloned().unwrap_or_default();
    let fields = fields.into_iter().filter(|field| field["name"] != "approved");
    let fields =
        fields.map(|field| view! { <Field field anchor=anchor.clone() entered=entered.as_ref() /> }).collect_view();
    let lines = message.lines().map(|line| view! { <p>{line.to_owned()}</p> }).collect_view();
    if !may_answer {
        let who = Action::Run.roles();
        return view! {
            <div class="approval-form">
                <div class="approval-message">{lines}</div>
                <p class="quiet">{format!("Whoever is {who} may answer.")}</p>
            </div>
        }
        .into_any();
    }
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
    .into_any()
}

#[component]
fn Field<'a>(field: Value, anchor: String, entered: Option<&'a BTreeMap<String, String>>) -> impl IntoView + use<> {
    let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
    let name = text("name");
    let label = if text("label").is_empty() { name.clone() } else { text("label") };
    let id = format!("{anchor}-{name}");
    let key = format!("fields[{name}]");
    let kind = text("type");
    let is_required = field["required"] != false;
    let value = match entered {
        Some(entered) => entered.get(&name).cloned().unwrap_or_default(),
        None => plain(&field["default"]),
    };
    if kind == "boolean" {
        let checked = value == "true";
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
        let nothing = (!is_required || value.is_empty()).then(|| view! { <option value="">"Choose"</option> });
        let options = options
            .into_iter()
            .map(|option| {
                let selected = option == value;
                view! { <option value=option.clone() selected=selected>{option.clone()}</option> }
            })
            .collect_view();
        view! { <select class="field" id=id.clone() name=key required=is_required>{nothing}{options}</select> }
            .into_any()
    } else {
        // Browsers show a field of numbers empty when its value is none.
        let is_number = value.is_empty() || value.parse::<f64>().is_ok();
        let (input_type, step, mode) = match kind.as_str() {
            "number" | "integer" if !is_number => ("text", None, Some("decimal")),
            "number" => ("number", Some("any"), None),
            "integer" => ("number", Some("1"), None),
            _ => ("text", None, None),
        };
        view! {
            <input
                class="field"
                id=id.clone()
                type=input_type
                step=step
                inputmode=mode
                name=key
                value=value
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
