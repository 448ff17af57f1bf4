//! The document: its head, workload, workbook and steps, and how they refer to each other.

use super::{
    admission,
    at::{At, Fields},
    compile::Compiler,
    limits::{MAX_NAME, MAX_PATH, MAX_STEPS},
    schedule, step, webhook, workbook,
};
use crate::playbook::{
    graph::Topology,
    model::Playbook,
    node::{Node, Place},
    problems::Problems,
    suggest,
};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub(super) const API_VERSIONS: &[&str] = &["noetl.io/v1", "signalbox/v1"];
pub(super) const METADATA: &[&str] = &["name", "path", "version", "description"];
pub(super) const TOP: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "workload",
    "workbook",
    "workflow",
    "steps",
    "schedule",
    "webhook",
    "concurrency",
    "rate",
    "priority",
    "timeout_s",
];

/// Reads the whole document; `None` when something it cannot do without is missing (and reported).
pub(super) fn read(root: &Node, compiler: &mut Compiler, problems: &mut Problems) -> Option<Playbook> {
    let root = At { node: root, pointer: String::new() };
    let Some(mut top) = root.fields() else {
        let hint = "a playbook begins with `apiVersion`, `kind: Playbook` and `metadata`";
        root.wrong_type(problems, "a playbook must be a map", hint);
        return None;
    };
    api_version(&mut top, problems);
    kind(&mut top, problems);
    let head = metadata(&mut top, problems);
    let workload = workload(&mut top, problems);
    let workbook = workbook::read(top.take("workbook"), compiler, problems);
    let steps = steps(&mut top, compiler, &workbook, problems);
    workbook.warn_unused(problems);
    let admission = admission::read(&mut top, compiler, problems);
    let schedules = top.take("schedule").map_or_else(Vec::new, |at| schedule::read(&at, compiler, problems));
    let webhook = top.take("webhook").and_then(|at| webhook::read(&at, compiler, problems));
    top.warn_rest(problems, "a playbook", TOP);
    let (steps, by_name, start) = steps?;
    let (name, path, description) = head?;
    let topology = Topology::of(&steps);
    let texts = std::mem::take(compiler).finish();
    let workload = Arc::new(Value::Object(workload));
    Some(Playbook {
        path,
        name,
        description,
        workload,
        steps,
        by_name,
        start,
        texts,
        topology,
        admission,
        schedules,
        webhook,
    })
}

fn api_version(top: &mut Fields<'_>, problems: &mut Problems) {
    let hint = "write `apiVersion: signalbox/v1` (or `noetl.io/v1`, the same language)";
    let Some(at) = top.take("apiVersion") else {
        return top.missing(problems, "apiVersion", "the playbook", hint);
    };
    match at.text() {
        Some(version) if API_VERSIONS.contains(&version) => {}
        Some(version) => {
            at.error(problems, "unsupported_api_version", format!("apiVersion `{version}` is not known here"), hint)
        }
        None => at.wrong_type(problems, "`apiVersion` must be text", hint),
    }
}

fn kind(top: &mut Fields<'_>, problems: &mut Problems) {
    let hint = "write `kind: Playbook`";
    let Some(at) = top.take("kind") else {
        return top.missing(problems, "kind", "the playbook", hint);
    };
    match at.text() {
        Some("Playbook") => {}
        Some(kind) => at.error(problems, "wrong_kind", format!("kind `{kind}` is not a playbook"), hint),
        None => at.wrong_type(problems, "`kind` must be text", hint),
    }
}

/// Name, path and description.
fn metadata(top: &mut Fields<'_>, problems: &mut Problems) -> Option<(String, String, Option<String>)> {
    let hint = "write `metadata:` with `name: …` and `path: folder/name` below it";
    let Some(at) = top.take("metadata") else {
        top.missing(problems, "metadata", "the playbook", hint);
        return None;
    };
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "`metadata` must be a map", hint);
        return None;
    };
    let name_place = fields.peek("name");
    let name = fields.text(problems, "name");
    match (name, name_place) {
        (Some(name), Some(at))
            if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) =>
        {
            at.error(
                problems,
                "bad_name",
                "the playbook's name is not usable",
                format!("1 to {MAX_NAME} characters on one line"),
            );
        }
        (None, None) => {
            fields.missing(problems, "name", "`metadata`", "give the playbook a name: `name: nightly_report`")
        }
        _ => {}
    }
    let path_place = fields.peek("path");
    let path = fields.text(problems, "path");
    match (path, path_place) {
        (Some(path), Some(at)) => check_path(path, &at, problems),
        (None, None) => {
            fields.missing(problems, "path", "`metadata`", "say where it is in the catalog: `path: reports/nightly`")
        }
        _ => {}
    }
    let description = fields.text(problems, "description").map(str::to_owned);
    fields.take("version");
    fields.warn_rest(problems, "`metadata`", METADATA);
    Some((name?.to_owned(), path?.to_owned(), description))
}

fn check_path(path: &str, at: &At<'_>, problems: &mut Problems) {
    let fine = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    if path.len() > MAX_PATH || !path.split('/').all(fine) {
        let shown: String = path.chars().take(MAX_PATH).collect();
        let hint = format!(
            "letters, digits, `_`, `-` and `.`, in segments joined by `/`, at most {MAX_PATH} characters: `reports/nightly`"
        );
        at.error(problems, "bad_path", format!("`{shown}` is not a catalog path"), hint);
    }
}

fn workload(top: &mut Fields<'_>, problems: &mut Problems) -> Map<String, Value> {
    let Some(at) = top.take("workload") else { return Map::new() };
    match at.json() {
        Value::Object(map) => map,
        _ => {
            at.wrong_type(problems, "`workload` must be a map", "write `workload:` with `key: value` lines below it");
            Map::new()
        }
    }
}

type Steps = (Vec<crate::playbook::Step>, HashMap<Arc<str>, usize>, usize);

fn steps(
    top: &mut Fields<'_>,
    compiler: &mut Compiler,
    workbook: &workbook::Workbook,
    problems: &mut Problems,
) -> Option<Steps> {
    let hint = "write `workflow:` with a list of steps, the first of them `- step: start`";
    let (first, second) = (top.take("workflow"), top.take("steps"));
    if let (Some(_), Some(at)) = (&first, &second) {
        at.error(problems, "duplicate_field", "`steps` and `workflow` are the same thing", "keep `workflow`");
    }
    let Some(at) = first.or(second) else {
        top.missing(problems, "workflow", "the playbook", hint);
        return None;
    };
    let Some(items) = at.items() else {
        at.wrong_type(problems, "`workflow` must be a list of steps", hint);
        return None;
    };
    if items.len() > MAX_STEPS {
        at.error(
            problems,
            "too_many_steps",
            format!("{} steps; the limit is {MAX_STEPS}", items.len()),
            "split the playbook",
        );
        return None;
    }
    let mut names: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let mut first_places: HashMap<Arc<str>, Place> = HashMap::new();
    let mut open = Vec::new();
    for item in &items {
        let Some(fields) = item.fields() else {
            item.wrong_type(problems, "a step must be a map", "write `- step: name` with its fields below");
            continue;
        };
        let mut draft = step::Draft { fields, base: item.pointer.clone() };
        let Some((name, at)) = step::name(&mut draft, problems) else { continue };
        let name: Arc<str> = name.into();
        if let Some(first) = first_places.get(&name) {
            let message = format!("step `{name}` is there twice, first on line {}", first.line);
            at.error(problems, "duplicate_step", message, "give each step a name of its own");
            continue;
        }
        first_places.insert(name.clone(), at.place());
        names.insert(name.clone(), open.len());
        open.push((name, draft));
    }
    let start = names.get("start").copied();
    if start.is_none() {
        let near = names.keys().map(|name| &**name).find(|name| name.eq_ignore_ascii_case("start"));
        let near = near.or_else(|| suggest::nearest("start", names.keys().map(|name| &**name)));
        let hint = match near {
            Some(near) => format!("rename step `{near}` to `start`"),
            None => "add `- step: start` with a `next`".to_owned(),
        };
        at.error(problems, "missing_start", "no step is called `start`", hint);
    }
    let mut steps = Vec::new();
    let places: Vec<(Place, String)> =
        open.iter().map(|(name, draft)| (first_places[name], draft.base.clone())).collect();
    for (name, draft) in open {
        steps.push(step::read(name, draft, &names, workbook, compiler, problems));
    }
    let start = start?;
    warn_unreachable(&steps, start, &places, problems);
    Some((steps, names.into_iter().collect(), start))
}

fn warn_unreachable(
    steps: &[crate::playbook::Step],
    start: usize,
    places: &[(Place, String)],
    problems: &mut Problems,
) {
    let (mut seen, mut open) = (vec![false; steps.len()], vec![start]);
    while let Some(step) = open.pop() {
        if !std::mem::replace(&mut seen[step], true) {
            open.extend(steps[step].next.iter().map(|transition| transition.to));
        }
    }
    for (index, step) in steps.iter().enumerate().filter(|(index, _)| !seen[*index]) {
        let (place, pointer) = &places[index];
        let message = format!("step `{}` can never run: nothing leads to it", step.name);
        let hint = "name it in the `next` of a step, or remove it";
        problems.warning("unreachable_step", *place, pointer, message, Some(hint.into()));
    }
}
