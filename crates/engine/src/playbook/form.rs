//! The form of an approval: its fields, and whether an answer fits them.
//!
//! Every approval is answered with `approved`, true or false. A form without fields of its own is one required
//! field `approved`; in one that has fields, it is true unless told, and a rejection may leave the others out.

use super::template::{RenderError, Template, Texts};
use crate::context::Scope;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// In every answer, so no field can be called that.
pub(crate) const APPROVED: &str = "approved";
/// Names that a result has anyway.
pub(crate) const RESERVED: &[&str] = &[APPROVED, "by", "at"];

/// The fields as the playbook has them.
#[derive(Debug, Default)]
pub(crate) struct FormPlan {
    pub(crate) fields: Vec<FieldPlan>,
}

#[derive(Debug)]
pub(crate) struct FieldPlan {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) is_required: bool,
    /// The name unless told.
    pub(crate) label: Option<Template>,
    pub(crate) default: Option<Template>,
    /// Of a choice: a list.
    pub(crate) options: Option<Template>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Number,
    Integer,
    Boolean,
    Choice,
}

impl Kind {
    pub(crate) const ALL: &[Kind] = &[Kind::String, Kind::Number, Kind::Integer, Kind::Boolean, Kind::Choice];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Number => "number",
            Kind::Integer => "integer",
            Kind::Boolean => "boolean",
            Kind::Choice => "choice",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        Kind::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether a value is one of these; else what it should be.
    pub(super) fn takes(self, value: &Value, options: &[Value]) -> Result<(), String> {
        let (fits, what) = match self {
            Kind::String => (value.is_string(), "text"),
            Kind::Number => (value.is_number(), "a number"),
            Kind::Integer => (value.is_i64() || value.is_u64(), "a whole number"),
            Kind::Boolean => (value.is_boolean(), "true or false"),
            Kind::Choice if options.contains(value) => (true, ""),
            Kind::Choice => {
                let options: Vec<String> = options.iter().map(Value::to_string).collect();
                return Err(format!("one of {}", options.join(", ")));
            }
        };
        if fits { Ok(()) } else { Err(what.to_owned()) }
    }
}

impl FormPlan {
    /// The form as events and screens have it: a list of `{name, label, type, required, default?, options?}`.
    pub(crate) fn render(&self, texts: &Texts, scope: &Scope) -> Result<Value, RenderError> {
        if self.fields.is_empty() {
            return Ok(
                json!([{ "name": APPROVED, "label": "Approved", "type": Kind::Boolean.word(), "required": true }]),
            );
        }
        self.fields.iter().map(|field| field.render(texts, scope)).collect::<Result<_, _>>().map(Value::Array)
    }

    /// The form, if nothing in it is computed, and its own defaults fit it.
    pub(super) fn fixed(&self) -> Option<Value> {
        let is_fixed = |field: &FieldPlan| {
            [&field.label, &field.default, &field.options].into_iter().flatten().all(Template::is_fixed)
        };
        let nobody = Scope::of(&crate::Execution::new(protocol::ExecutionId(Default::default())));
        self.fields.iter().all(is_fixed).then(|| self.render(&Texts::default(), &nobody).ok()).flatten()
    }
}

impl FieldPlan {
    fn render(&self, texts: &Texts, scope: &Scope) -> Result<Value, RenderError> {
        let value = |template: &Option<Template>| -> Result<Option<Arc<Value>>, RenderError> {
            template.as_ref().map(|template| template.render(texts, scope)).transpose()
        };
        let label = value(&self.label)?.map_or_else(|| self.name.clone(), |label| text(&label));
        let options = value(&self.options)?;
        let mut field = json!({
            "name": self.name, "label": label, "type": self.kind.word(), "required": self.is_required
        });
        if let Some(options) = &options {
            if let (Some(template), Err(problem)) = (&self.options, check_options(options)) {
                return Err(template.error(problem));
            }
            field["options"] = (**options).clone();
        }
        if let (Some(template), Some(default)) = (&self.default, value(&self.default)?) {
            let known = options.as_deref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            self.kind
                .takes(&default, known)
                .map_err(|what| template.error(format!("the default of `{}` must be {what}", self.name)))?;
            field["default"] = (*default).clone();
        }
        Ok(field)
    }
}

/// Options are a list of text, numbers, true and false; at least one.
pub(crate) fn check_options(options: &Value) -> Result<(), String> {
    let is_plain = |option: &Value| option.is_string() || option.is_number() || option.is_boolean();
    match options.as_array() {
        Some(options) if !options.is_empty() && options.iter().all(is_plain) => Ok(()),
        _ => Err("options must be a list of text or numbers".to_owned()),
    }
}

/// Text of a rendered value.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What an answer comes to: every field of the form, and `approved`. `form` is a rendered one; `true` and `false`
/// are short for a map with `approved`.
///
/// # Errors
/// Everything that does not fit, in one line.
pub(crate) fn answer(form: &Value, given: &Value) -> Result<Map<String, Value>, String> {
    let mut given = match given {
        Value::Object(map) => map.clone(),
        Value::Bool(approved) => [(APPROVED.to_owned(), json!(approved))].into_iter().collect(),
        Value::Null => Map::new(),
        _ => return Err("the answer must be a map of the form's fields".to_owned()),
    };
    let fields = form.as_array().map_or(&[][..], Vec::as_slice);
    let is_plain = fields.iter().any(|field| field["name"] == APPROVED);
    let mut problems = Vec::new();
    let mut values = Map::new();
    let is_approved = match given.remove(APPROVED).unwrap_or_default() {
        Value::Bool(approved) => approved,
        Value::Null if is_plain => {
            problems.push(format!("`{APPROVED}` is missing: true or false"));
            false
        }
        Value::Null => true,
        _ => {
            problems.push(format!("`{APPROVED}` must be true or false"));
            false
        }
    };
    values.insert(APPROVED.to_owned(), json!(is_approved));
    for field in fields.iter().filter(|field| field["name"] != APPROVED) {
        let name = field["name"].as_str().unwrap_or_default();
        let kind = field["type"].as_str().and_then(Kind::of).unwrap_or(Kind::String);
        let options = field["options"].as_array().map_or(&[][..], Vec::as_slice);
        let value = match given.remove(name).unwrap_or_default() {
            Value::Null if is_approved => field.get("default").cloned().unwrap_or_default(),
            value => value,
        };
        if value.is_null() {
            if is_approved && field["required"] == true {
                problems.push(format!("`{name}` is missing"));
            }
        } else if let Err(what) = kind.takes(&value, options) {
            problems.push(format!("`{name}` must be {what}"));
        }
        values.insert(name.to_owned(), value);
    }
    for name in given.keys() {
        problems.push(format!("the form has no `{name}`"));
    }
    if problems.is_empty() { Ok(values) } else { Err(problems.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Value {
        json!([
            {"name": "amount", "label": "Amount", "type": "number", "required": true},
            {"name": "count", "label": "Count", "type": "integer", "required": false, "default": 1},
            {"name": "note", "label": "Note", "type": "string", "required": false},
            {"name": "urgent", "label": "Urgent", "type": "boolean", "required": false},
            {"name": "team", "label": "Team", "type": "choice", "required": false, "options": ["red", 2]},
        ])
    }

    #[test]
    fn an_answer_has_every_field() {
        let all = json!({"approved": true, "amount": 1.5, "count": 2, "note": "n", "urgent": false, "team": 2});
        assert_eq!(answer(&form(), &all).map(Value::Object), Ok(all));
        let few = answer(&form(), &json!({"amount": 3, "note": null}));
        let expect = json!({"approved": true, "amount": 3, "count": 1, "note": null, "urgent": null, "team": null});
        assert_eq!(few.map(Value::Object), Ok(expect));
    }

    #[test]
    fn a_rejection_needs_no_fields_and_takes_no_defaults() {
        for rejected in [json!(false), json!({"approved": false}), json!({"approved": false, "amount": null})] {
            let values = answer(&form(), &rejected).map(Value::Object);
            let expect =
                json!({"approved": false, "amount": null, "count": null, "note": null, "urgent": null, "team": null});
            assert_eq!(values, Ok(expect));
        }
        assert!(answer(&form(), &json!({"approved": false, "amount": "x"})).is_err(), "what is given must fit");
    }

    #[test]
    fn a_plain_approval_must_be_told_one_or_the_other() {
        let form = json!([{"name": "approved", "label": "Approved", "type": "boolean", "required": true}]);
        assert_eq!(answer(&form, &json!({"approved": true})).map(Value::Object), Ok(json!({"approved": true})));
        assert_eq!(answer(&form, &json!(false)).map(Value::Object), Ok(json!({"approved": false})));
        for (given, problem) in [
            (json!(null), "`approved` is missing: true or false"),
            (json!({}), "`approved` is missing: true or false"),
            (json!({"approved": "yes"}), "`approved` must be true or false"),
            (json!({"approved": true, "x": 1}), "the form has no `x`"),
        ] {
            assert_eq!(answer(&form, &given), Err(problem.to_owned()), "{given}");
        }
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        for (given, problem) in [
            (json!([1]), "the answer must be a map of the form's fields"),
            (json!({}), "`amount` is missing"),
            (json!({"amount": "7"}), "`amount` must be a number"),
            (
                json!({"amount": 1, "count": 1.5, "note": 1, "urgent": "no", "team": "blue", "by": "me"}),
                "`count` must be a whole number; `note` must be text; `urgent` must be true or false; \
                 `team` must be one of \"red\", 2; the form has no `by`",
            ),
        ] {
            assert_eq!(answer(&form(), &given), Err(problem.to_owned()), "{given}");
        }
    }
}
