//! `schedule`: one, or a list of them.

use super::{
    at::{At, Fields},
    compile::Compiler,
    limits::{MAX_NAME, MAX_SCHEDULES},
};
use crate::playbook::{
    problems::Problems,
    triggers::{CatchUp, Overlap, Schedule},
};
use std::collections::HashSet;

pub(super) const KNOWN: &[&str] = &["name", "cron", "timezone", "overlap", "catch_up", "paused", "input"];
const HINT: &str = "write `schedule: {cron: \"0 6 * * *\", timezone: Europe/Berlin}`";

pub(super) fn read(at: &At<'_>, compiler: &mut Compiler, problems: &mut Problems) -> Vec<Schedule> {
    let items = at.items();
    let is_list = items.is_some();
    let items = items.unwrap_or_else(|| vec![at.clone()]);
    if items.len() > MAX_SCHEDULES {
        let message = format!("{} schedules; the limit is {MAX_SCHEDULES}", items.len());
        at.error(problems, "bad_value", message, "register the playbook's other times by themselves");
        return Vec::new();
    }
    let mut names = HashSet::new();
    let mut schedules = Vec::new();
    for item in &items {
        let Some(schedule) = one(item, is_list && items.len() > 1, compiler, problems) else { continue };
        if !names.insert(schedule.name.clone()) {
            let message = format!("schedule `{}` is there twice", schedule.name);
            item.error(problems, "duplicate_field", message, "give each schedule a name of its own");
        }
        schedules.push(schedule);
    }
    schedules
}

fn one(at: &At<'_>, needs_name: bool, compiler: &mut Compiler, problems: &mut Problems) -> Option<Schedule> {
    // `schedule: "0 6 * * *"`
    if at.text().is_some() {
        let cron = cron(at, problems)?;
        return Some(Schedule {
            name: "default".to_owned(),
            cron,
            timezone: "UTC".to_owned(),
            overlap: Overlap::default(),
            catch_up: CatchUp::default(),
            is_paused: false,
            input: None,
        });
    }
    let Some(mut fields) = at.fields() else {
        at.wrong_type(problems, "a schedule must be a map", HINT);
        return None;
    };
    let name = name(&mut fields, needs_name, problems);
    let cron = match fields.take("cron") {
        Some(at) => cron(&at, problems),
        None => {
            fields.missing(problems, "cron", "a schedule", HINT);
            None
        }
    };
    let timezone = match fields.take("timezone") {
        None => Some("UTC".to_owned()),
        Some(at) => timezone(&at, problems),
    };
    let overlap = word(
        fields.take("overlap"),
        "overlap",
        &[("allow", Overlap::Allow), ("skip", Overlap::Skip), ("queue", Overlap::Queue)],
        problems,
    );
    let catch_up = word(
        fields.take("catch_up"),
        "catch_up",
        &[("none", CatchUp::None), ("last", CatchUp::Last), ("all", CatchUp::All)],
        problems,
    );
    let is_paused = fields.take("paused").is_some_and(|at| {
        at.json().as_bool().unwrap_or_else(|| {
            at.wrong_type(problems, "`paused` is true or false", "write `paused: true`");
            false
        })
    });
    let input = fields.take("input").and_then(|at| compiler.map(&at, "", problems, "input"));
    fields.warn_rest(problems, "a schedule", KNOWN);
    Some(Schedule { name: name?, cron: cron?, timezone: timezone?, overlap, catch_up, is_paused, input })
}

fn name(fields: &mut Fields<'_>, is_needed: bool, problems: &mut Problems) -> Option<String> {
    let at = fields.peek("name");
    match (fields.text(problems, "name"), at) {
        (Some(name), Some(at)) => {
            let fits = is_name(name);
            if !fits {
                at.error(problems, "bad_name", "this name cannot be a schedule's", NAME_HINT);
            }
            fits.then(|| name.to_owned())
        }
        (None, None) if is_needed => {
            fields.missing(problems, "name", "one of several schedules", "give each a name: `name: nightly`");
            None
        }
        (None, None) => Some("default".to_owned()),
        _ => None,
    }
}

pub(super) const NAME_HINT: &str = "letters, digits, `_`, `-` and `.`, at most 128, beginning with a letter or digit";

/// What can stand in a URL and a key: `.` alone would be another URL.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn cron(at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let hint = "minute, hour, day of the month, month, day of the week: `*/15 8-17 * * MON-FRI`; \
                with a sixth field in front, seconds";
    let Some(text) = at.text() else {
        at.wrong_type(problems, "`cron` must be text", hint);
        return None;
    };
    match text.trim().parse::<croner::Cron>() {
        Ok(_) => Some(text.trim().to_owned()),
        Err(error) => {
            let error = error.to_string();
            let message = format!("`{text}` is not a cron pattern: {}", error.trim_end_matches('.'));
            at.error(problems, "bad_cron", message, hint);
            None
        }
    }
}

fn timezone(at: &At<'_>, problems: &mut Problems) -> Option<String> {
    let fits = |zone: &&str| {
        zone.starts_with(|c: char| c.is_ascii_alphabetic())
            && zone.len() <= MAX_NAME
            && zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/'))
    };
    let zone = at.text().filter(fits);
    if zone.is_none() {
        let hint = "a name of the IANA database: `Europe/Berlin`, `America/New_York`, `UTC`";
        at.error(problems, "bad_value", "`timezone` is not the name of a time zone", hint);
    }
    zone.map(str::to_owned)
}

fn word<T: Copy + Default>(at: Option<At<'_>>, name: &str, words: &[(&str, T)], problems: &mut Problems) -> T {
    let Some(at) = at else { return T::default() };
    let found = at.text().and_then(|text| words.iter().find(|(word, _)| *word == text));
    found.map_or_else(
        || {
            let all: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            at.error(problems, "bad_value", format!("`{name}` cannot be this"), format!("one of {}", all.join(", ")));
            T::default()
        },
        |(_, value)| *value,
    )
}
