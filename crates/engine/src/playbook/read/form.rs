//! The fields of an approval's `form`.

use super::{
    at::{At, Fields},
    compile::Compiler,
    limits::MAX_NAME,
};
use crate::playbook::{
    form::{FieldPlan, FormPlan, Kind, RESERVED, check_options},
    problems::Problems,
    suggest,
    template::Template,
};
use serde_json::Value;

/// Most fields of a form.
const MAX_FIELDS: usize = 100;
const HINT: &str = "write a list: `- {name: amount, type: number}`";
pub(super) const KNOWN: &[&str] = &["name", "label", "type", "required", "default", "options"];

pub(super) fn read(at: &At<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> FormPlan {
    let Some(items) = at.items() else {
        at.wrong_type(problems, "`form` must be a list of fields", HINT);
        return FormPlan::default();
    };
    if items.len() > MAX_FIELDS {
        at.error(problems, "bad_value", format!("a form has at most {MAX_FIELDS} fields"), "ask for less at once");
        return FormPlan::default();
    }
    let mut fields: Vec<FieldPlan> = Vec::new();
    for item in items {
        let Some(of) = item.fields() else {
            item.wrong_type(problems, "a field of a form must be a map", HINT);
            continue;
        };
        let Some(field) = field(of, base, compiler, problems) else { continue };
        if fields.iter().any(|other| other.name == field.name) {
            let message = format!("the form has `{}` twice", field.name);
            item.error(problems, "bad_value", message, "give each field a name of its own");
            continue;
        }
        fields.push(field);
    }
    FormPlan { fields }
}

fn field(mut of: Fields<'_>, base: &str, compiler: &mut Compiler, problems: &mut Problems) -> Option<FieldPlan> {
    let name = name(&mut of, problems);
    let kind = match of.take("type") {
        None => Kind::String,
        Some(at) => at.text().and_then(Kind::of).unwrap_or_else(|| {
            let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
            let near = at.text().and_then(|text| suggest::nearest(text, words.iter().copied()));
            let hint =
                near.map_or_else(|| format!("one of {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
            at.error(problems, "bad_value", "a field of a form cannot be of this type", hint);
            Kind::String
        }),
    };
    let label = of.take("label").map(|at| compiler.template(&at, base, problems));
    let is_required = of.take("required").is_none_or(|at| {
        at.json().as_bool().unwrap_or_else(|| {
            at.wrong_type(problems, "`required` is true or false", "a field is required unless told");
            true
        })
    });
    let options_at = of.take("options");
    let options = options_at.as_ref().map(|at| compiler.template(at, base, problems));
    match (kind, &options_at) {
        (Kind::Choice, None) => {
            of.missing(problems, "options", "a choice", "list what can be chosen: `options: [small, large]`");
        }
        (Kind::Choice, Some(at)) => {
            if let (Some(Template::Fixed(options)), hint) = (&options, "write `options: [small, large]`")
                && let Err(problem) = check_options(options)
            {
                at.error(problems, "bad_value", problem, hint);
            }
        }
        (_, Some(at)) => at.error(
            problems,
            "conflicting_fields",
            format!("`options` are of a choice, and this is a {}", kind.word()),
            "write `type: choice`, or leave them out",
        ),
        (_, None) => {}
    }
    let default = default(&mut of, kind, options.as_ref(), base, compiler, problems);
    of.warn_rest(problems, "a field of a form", KNOWN);
    Some(FieldPlan { name: name?, kind, is_required, label, default, options })
}

fn name(of: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    let at = of.peek("name");
    let name = of.text(problems, "name");
    match (&at, name) {
        (None, _) => of.missing(problems, "name", "a field of a form", HINT),
        (Some(at), Some(name)) if RESERVED.contains(&name) => {
            let hint = "every answer has `approved`, `by` and `at` by itself; choose another name";
            at.error(problems, "bad_name", format!("a field cannot be called `{name}`"), hint);
            return None;
        }
        (Some(at), Some(name)) if name.trim().is_empty() || name.chars().count() > MAX_NAME => {
            let hint = format!("1 to {MAX_NAME} characters");
            at.error(problems, "bad_name", "this name cannot be a field's", hint);
            return None;
        }
        _ => {}
    }
    name.map(str::to_owned)
}

fn default(
    of: &mut Fields<'_>,
    kind: Kind,
    options: Option<&Template>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Template> {
    let at = of.take("default")?;
    let template = compiler.template(&at, base, problems);
    let options = match options {
        Some(Template::Fixed(options)) => options.as_array().cloned(),
        Some(_) => None,
        None => Some(Vec::new()),
    };
    if let (Template::Fixed(default), Some(options)) = (&template, options)
        && let Err(what) = kind.takes(default, &options)
    {
        at.error(problems, "bad_value", format!("the default must be {what}"), "or leave it out");
    }
    Some(template).filter(|template| !matches!(template, Template::Fixed(value) if **value == Value::Null))
}
