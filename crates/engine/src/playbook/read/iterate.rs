//! `type: iterator`, and the older `loop` of any action.

use super::{
    action,
    at::{At, Fields, unknown_field},
    compile::Compiler,
    limits::MAX_NAME,
    retry, save, step,
    types::{self, StepType},
    workbook::Workbook,
};
use crate::playbook::{
    iterate::Iterate,
    model::{Action, Condition},
    problems::Problems,
    retry::Retry,
    save::Save,
    template::Template,
};
use protocol::event::IteratorMode;

pub(super) const FIELDS: &[&str] = &[
    "collection",
    "element",
    "mode",
    "concurrency",
    "enumerate",
    "where",
    "order_by",
    "limit",
    "chunk",
    "task",
    "on_item_error",
    "iterator",
];
const COLLECTION: &str = "write `collection: \"{{ workload.cities }}\"`, or a list";
const ELEMENT: &str = "name an item for expressions: `element: city`";
const TASK: &str = "write `task:` with `type: python` and its fields below it";
/// Names that mean something else in the expressions of an item.
const TAKEN: &[&str] =
    &["workload", "work", "context", "execution_id", "result", "this", "error", "_loop", "parent", "index", "batch"];

/// How the items are settled: everything but what is done with them.
struct Items {
    collection: Template,
    element: String,
    mode: IteratorMode,
    concurrency: Option<Template>,
    enumerate: bool,
    filter: Option<Condition>,
    order_by: Option<Condition>,
    limit: Option<Template>,
    chunk: Option<Template>,
    is_strict: bool,
}

/// What is done with each.
struct Work {
    task: Action,
    data: Option<Template>,
    save: Option<Save>,
}

/// An iterator step; the second value is the step's own data. `None` when it is wrong (and reported).
pub(super) fn read(
    fields: &mut Fields<'_>,
    base: &str,
    workbook: &Workbook,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> (Option<Iterate>, Option<Template>) {
    // A list, or an expression, in `data` is what some public playbooks call the collection.
    let as_data = fields.peek("data").filter(|at| at.fields().is_none() && fields.peek("collection").is_none());
    let nested = fields.take("iterator");
    let (items, task) = match nested.as_ref().map(|at| (at, at.fields())) {
        Some((at, None)) => {
            at.wrong_type(problems, "`iterator` must be a map", "write the fields of the iterator below it");
            for name in FIELDS {
                fields.take(name);
            }
            (None, fields.take("task"))
        }
        Some((_, Some(mut inner))) => {
            let work = inner.peek("task").is_none().then(|| fields.take("task")).flatten();
            let items = items(&mut inner, None, base, compiler, problems);
            let task = inner.take("task").or(work);
            inner.warn_rest(problems, "`iterator`", FIELDS);
            (items, task)
        }
        None => (items(fields, as_data.clone(), base, compiler, problems), fields.take("task")),
    };
    // What holds for each item unless its task says otherwise.
    let timeout_ms = action::seconds(fields, "timeout_s", problems);
    let heartbeat_ms = action::seconds(fields, "heartbeat_s", problems);
    let retry = retry::read(fields, base, compiler, problems);
    let (expects, returns) = action::asserts(fields, problems);
    let data = action::own_data(fields, as_data.is_some(), base, compiler, problems);
    for (key, at) in fields.rest() {
        unknown_field(problems, key, &at.pointer, "an iterator", &[FIELDS, step::COMMON].concat());
    }
    let work = match task {
        Some(at) => work(&at, base, workbook, compiler, problems),
        None => {
            fields.missing(problems, "task", "an iterator", TASK);
            None
        }
    };
    let iterate = items.zip(work).map(|(items, (mut work, told))| {
        let task = &mut work.task;
        task.timeout_ms = timeout_ms.filter(|_| !told.timeout).unwrap_or(task.timeout_ms);
        task.heartbeat_ms = task.heartbeat_ms.or(heartbeat_ms);
        if !told.retry {
            task.retry = retry;
        }
        retry_saves(&mut work.save, work.task.retry.as_ref());
        together(items, work, expects, returns)
    });
    (iterate, data)
}

/// The `loop` of a step: its action is done for each item.
pub(super) fn of_loop(
    at: &At<'_>,
    action: Action,
    data: Option<Template>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Iterate> {
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`loop` must be a map", "write `loop:` with `collection` and `element` below it");
        return None;
    };
    let items = items(&mut fields, None, base, compiler, problems);
    fields.warn_rest(problems, "`loop`", FIELDS);
    let work = Work { task: action, data, save: None };
    items.map(|items| together(items, work, Vec::new(), Vec::new()))
}

/// A save without a `retry` of its own is tried as often as the action.
pub(super) fn retry_saves(save: &mut Option<Save>, retry: Option<&Retry>) {
    if let (Some(Save::Task(task)), Some(retry)) = (save, retry)
        && task.action.retry.is_none()
    {
        task.action.retry = Some(retry.without_conditions());
    }
}

fn together(items: Items, work: Work, expects: Vec<String>, returns: Vec<String>) -> Iterate {
    let Items { collection, element, mode, concurrency, enumerate, filter, order_by, limit, chunk, is_strict } = items;
    let Work { task, data, save } = work;
    Iterate {
        collection,
        element,
        mode,
        concurrency,
        enumerate,
        filter,
        order_by,
        limit,
        chunk,
        task,
        data,
        save,
        is_strict,
        expects,
        returns,
    }
}

fn items(
    fields: &mut Fields<'_>,
    as_data: Option<At<'_>>,
    base: &str,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<Items> {
    let mut first = |names: &[&str]| names.iter().filter_map(|name| fields.take(name)).reduce(|first, _| first);
    let collection = first(&["collection", "in", "items"]).or(as_data);
    let element = first(&["element", "item"]);
    // The older dialect has its element there.
    let element = element.or_else(|| fields.take("iterator"));
    let Some(collection) = collection else {
        fields.missing(problems, "collection", "an iterator", COLLECTION);
        return None;
    };
    let is_text = collection.items().is_some() || collection.fields().is_some() || collection.text().is_some();
    let is_number = collection.json().is_number() || collection.json().is_boolean();
    if !is_text || is_number {
        collection.wrong_type(problems, "`collection` must be a list, or an expression that is one", COLLECTION);
    }
    let collection = compiler.template(&collection, base, problems);
    let element = match element {
        Some(at) => self::element(&at, problems),
        None => {
            fields.missing(problems, "element", "an iterator", ELEMENT);
            None
        }
    };
    let mode = mode(fields.take("mode"), problems);
    let mut number = |name: &str, least: u64| {
        let at = fields.take(name)?;
        let template = compiler.template(&at, base, problems);
        let is_wrong = template.is_fixed() && at.json().as_u64().is_none_or(|number| number < least);
        if is_wrong {
            let hint = format!("a whole number from {least}, or an expression");
            at.error(problems, "bad_value", format!("`{name}` must be a whole number"), hint);
        }
        Some(template)
    };
    let (concurrency, limit, chunk) = (number("concurrency", 1), number("limit", 0), number("chunk", 1));
    let enumerate = fields.take("enumerate").is_some_and(|at| {
        at.json().as_bool().unwrap_or_else(|| {
            at.wrong_type(problems, "`enumerate` is true or false", "with it, expressions know `index`");
            false
        })
    });
    let mut expression = |name: &str, problems: &mut Problems| {
        let at = fields.take(name)?;
        if at.text().is_none() {
            at.wrong_type(
                problems,
                &format!("`{name}` must be an expression"),
                format!("write `{name}: \"{{{{ city.people > 100 }}}}\"`"),
            );
            return None;
        }
        compiler.condition(&at, base, problems)
    };
    let (filter, order_by) = (expression("where", problems), expression("order_by", problems));
    let is_strict = match fields.take("on_item_error").map(|at| (at.text(), at)) {
        None | Some((Some("fail"), _)) => true,
        Some((Some("continue"), _)) => false,
        Some((_, at)) => {
            let hint = "`continue` puts the error in place of the item's result; leave it out to fail the step";
            at.error(problems, "bad_value", "`on_item_error` is `fail` or `continue`", hint);
            true
        }
    };
    let element = element?;
    Some(Items { collection, element, mode, concurrency, enumerate, filter, order_by, limit, chunk, is_strict })
}

fn element(at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let name = at.text().unwrap_or_default();
    let mut chars = name.chars();
    let is_name = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= MAX_NAME;
    if !is_name || TAKEN.contains(&name) {
        let message = format!("`{name}` cannot be the name of an item in expressions");
        at.error(
            problems,
            "bad_value",
            message,
            "letters, digits and `_`, and no word of the language: `element: city`",
        );
        return None;
    }
    Some(name.to_owned())
}

fn mode(at: Option<At<'_>>, problems: &mut Problems) -> IteratorMode {
    match at.map(|at| (at.text(), at)) {
        None | Some((Some("sequential"), _)) => IteratorMode::Sequential,
        Some((Some("async" | "parallel"), _)) => IteratorMode::Async,
        Some((_, at)) => {
            let hint = "`async` runs `concurrency` items at once; leave it out for one after the other";
            at.error(problems, "bad_value", "an iterator's `mode` is `sequential` or `async`", hint);
            IteratorMode::Sequential
        }
    }
}

/// Which fields a task has of its own.
struct Told {
    timeout: bool,
    retry: bool,
}

fn work(
    at: &At<'_>,
    base: &str,
    workbook: &Workbook,
    compiler: &mut Compiler,
    problems: &mut Problems,
) -> Option<(Work, Told)> {
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`task` must be a map", TASK);
        return None;
    };
    let told = Told { timeout: fields.peek("timeout_s").is_some(), retry: fields.peek("retry").is_some() };
    let Some(type_at) = fields.take("type") else {
        fields.missing(problems, "type", "an iterator's task", TASK);
        return None;
    };
    let Some(word) = type_at.text() else {
        type_at.wrong_type(problems, "`type` must be text", "write `type: python`, for example");
        return None;
    };
    for name in ["step", "task", "desc", "description"] {
        fields.take(name);
    }
    let save = fields.take("save").and_then(|at| save::read(&at, base, compiler, problems));
    let (task, data) = match types::step_type(word) {
        StepType::Action(_) | StepType::Foreign => {
            // The name of an entry elsewhere, of the task here; a secret's stays.
            if word != "secrets" {
                fields.take("name");
            }
            let (task, data) = action::of_type(&type_at, &mut fields, base, compiler, problems)?;
            (Some(task), data)
        }
        StepType::Workbook => action::from_workbook(workbook, &mut fields, base, compiler, problems),
        StepType::Control | StepType::Wait | StepType::Approval | StepType::Iterator | StepType::Save => {
            let hint = "put it into a playbook of its own, and run that for each item: `type: playbook`";
            type_at.error(problems, "unknown_type", format!("an iterator's task cannot be of type `{word}`"), hint);
            (None, None)
        }
    };
    task.map(|task| (Work { task, data, save }, told))
}
