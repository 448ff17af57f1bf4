//! What PostgreSQL says, as a task's error.

use super::split::Statement;
use protocol::TaskError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

const DETAILS_CHARS: usize = 2000;

/// A statement, and where its text begins in what was sent, in characters; nowhere in a call of it.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) statement: &'a Statement,
    pub(super) offset: Option<usize>,
}

/// `place` is `statement 2` or the like.
pub(super) fn failed(error: &sqlx::Error, place: &str, sent: Option<Sent>) -> TaskError {
    let source = sent.map(|sent| sent.statement.source());
    let Some(reported) = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()) else {
        let lost = TaskError::new("postgres_connection", format!("postgres: {place}: {}", cause(error)));
        return with_source(lost, &[], source.as_deref());
    };
    let state = reported.code();
    let mut message = format!("postgres: {place}: {} (SQLSTATE {state}", reported.message());
    if let (Some(PgErrorPosition::Original(position)), Some(sent), Some(source)) =
        (reported.position(), sent, source.as_deref())
        && let Some(position) = sent.offset.and_then(|offset| position.checked_sub(1 + offset))
    {
        let (line, column) = line_and_column(source, sent.statement.written_at(position));
        message.push_str(&format!(", line {line}, column {column}"));
    }
    message.push(')');
    let code = match state {
        "40001" | "40P01" | "55P03" => "postgres_busy",
        "57014" if reported.message().contains("statement timeout") => "timeout",
        "57P01" | "57P02" | "57P03" => "postgres_connection",
        state if state.starts_with("08") => "postgres_connection",
        _ => "postgres_error",
    };
    let cast = (state == "42P18").then_some("say which type it is: `$1::text`, `:name::int`");
    let notes = [("detail", reported.detail()), ("hint", reported.hint().or(cast)), ("where", reported.r#where())];
    let notes: Vec<String> =
        notes.iter().filter_map(|(name, text)| text.map(|text| format!("{name}: {text}"))).collect();
    with_source(TaskError::new(code, message), &notes, source.as_deref())
}

fn with_source(error: TaskError, notes: &[String], source: Option<&str>) -> TaskError {
    let mut lines = notes.to_vec();
    lines.extend(source.map(str::to_owned));
    if lines.is_empty() {
        return error;
    }
    error.with_details(lines.join("\n").chars().take(DETAILS_CHARS).collect::<String>())
}

/// Both from 1.
fn line_and_column(source: &str, position: usize) -> (usize, usize) {
    let before: String = source.chars().take(position).collect();
    let line = before.matches('\n').count() + 1;
    (line, before.chars().rev().take_while(|c| *c != '\n').count() + 1)
}

/// The server's own words, without sqlx's frame.
pub(super) fn cause(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(reported) => {
            let state = reported.code().unwrap_or_default();
            format!("{} (SQLSTATE {state})", reported.message())
        }
        None => match error {
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::Tls(error) => format!("TLS: {error}"),
            other => other.to_string(),
        },
    }
}
