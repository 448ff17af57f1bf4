//! Statements that would leave the file, the transaction or safety behind.

use super::split::Statement;
use protocol::TaskError;

/// Pragmas that only tell something, or concern this connection and cannot harm the file.
const PRAGMAS: [&str; 27] = [
    "APPLICATION_ID",
    "CASE_SENSITIVE_LIKE",
    "COLLATION_LIST",
    "COMPILE_OPTIONS",
    "DATA_VERSION",
    "DEFER_FOREIGN_KEYS",
    "ENCODING",
    "FOREIGN_KEYS",
    "FOREIGN_KEY_CHECK",
    "FOREIGN_KEY_LIST",
    "FREELIST_COUNT",
    "FUNCTION_LIST",
    "INDEX_INFO",
    "INDEX_LIST",
    "INDEX_XINFO",
    "INTEGRITY_CHECK",
    "MODULE_LIST",
    "OPTIMIZE",
    "PAGE_COUNT",
    "PAGE_SIZE",
    "PRAGMA_LIST",
    "QUICK_CHECK",
    "RECURSIVE_TRIGGERS",
    "TABLE_INFO",
    "TABLE_LIST",
    "TABLE_XINFO",
    "USER_VERSION",
];

/// # Errors
/// `sqlite_refused`, which says what and why.
pub(super) fn check(statement: &Statement) -> Result<(), TaskError> {
    let words: Vec<&str> = statement.words.iter().map(String::as_str).collect();
    let refused =
        |what: &str, why: &str| Err(TaskError::new("sqlite_refused", format!("sqlite: {what} is refused: {why}")));
    match words.as_slice() {
        ["ATTACH" | "DETACH", ..] => return refused(words[0], "a step works on one file; name it in `database`"),
        ["VACUUM", ..] => return refused("VACUUM", "it cannot run inside the step's transaction"),
        ["BEGIN" | "COMMIT" | "END", ..] | ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION"] => {
            return refused(words[0], "the statements of a step are one transaction already; leave it out");
        }
        ["PRAGMA", rest @ ..] => {
            let name = if rest.get(1) == Some(&".") { rest.get(2) } else { rest.first() };
            let name = name.copied().unwrap_or_default();
            if !PRAGMAS.contains(&name) {
                return refused(
                    &format!("PRAGMA {}", name.to_ascii_lowercase()),
                    "it is not among the pragmas a step may use",
                );
            }
        }
        _ => {}
    }
    if words.windows(2).any(|pair| pair == ["LOAD_EXTENSION", "("]) {
        return refused("load_extension", "steps cannot load code into the server");
    }
    Ok(())
}

/// Whether the statement only reads, as far as its words tell; a wrong no costs a lock, a wrong yes an error.
pub(super) fn only_reads(statement: &Statement) -> bool {
    matches!(verb(statement), "SELECT" | "VALUES" | "EXPLAIN")
}

/// Whether the statement counts changed rows.
pub(super) fn changes_rows(statement: &Statement) -> bool {
    matches!(verb(statement), "INSERT" | "REPLACE" | "UPDATE" | "DELETE")
}

/// Whether the statement may change the connection itself: temporary tables, pragmas.
pub(super) fn leaves_state(statement: &Statement) -> bool {
    statement.words.iter().any(|word| matches!(word.as_str(), "TEMP" | "TEMPORARY" | "PRAGMA" | "''"))
        && !matches!(verb(statement), "SELECT" | "VALUES" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE")
}

/// What the statement does; the verb of `WITH …` is behind its tables.
fn verb(statement: &Statement) -> &str {
    let mut depth = 0;
    for word in &statement.words {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            word @ ("SELECT" | "VALUES" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE") if depth == 0 => return word,
            "WITH" | "RECURSIVE" => {}
            word if statement.words[0] != "WITH" => return word,
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::{super::split::split, *};

    #[test]
    fn what_leaves_the_file_is_refused() {
        for (sql, refused) in [
            ("SELECT 'attach', \"begin\"", false),
            ("attach 'x' as y", true),
            ("/* hello */ AtTaCh 'x' as y", true),
            ("DETACH y", true),
            ("VACUUM INTO '/tmp/x'", true),
            ("begin", true),
            ("COMMIT", true),
            ("ROLLBACK", true),
            ("SAVEPOINT a", false),
            ("ROLLBACK TO a", false),
            ("SELECT load_extension('x')", true),
            ("SELECT Load_Extension ('x')", true),
            ("SELECT load_extension FROM t", false),
            ("PRAGMA table_info(t)", false),
            ("PRAGMA main.table_info(t)", false),
            ("PRAGMA user_version = 3", false),
            ("PRAGMA writable_schema = 1", true),
            ("PRAGMA main.journal_mode = OFF", true),
            ("PRAGMA temp_store_directory = '/'", true),
            ("PRAGMA \"writable_schema\" = 1", true),
        ] {
            assert_eq!(check(&split(sql)[0]).is_err(), refused, "{sql}");
        }
    }

    #[test]
    fn verbs_are_found_behind_with() {
        for (sql, reads, changes) in [
            ("SELECT 1", true, false),
            ("VALUES (1)", true, false),
            ("WITH a AS (SELECT 1) SELECT * FROM a", true, false),
            ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", false, true),
            ("WITH RECURSIVE a(x) AS (SELECT 1) DELETE FROM t", false, true),
            ("INSERT INTO t VALUES (1)", false, true),
            ("REPLACE INTO t VALUES (1)", false, true),
            ("CREATE TABLE t AS SELECT 1", false, false),
            ("PRAGMA user_version = 1", false, false),
        ] {
            let statement = &split(sql)[0];
            assert_eq!((only_reads(statement), changes_rows(statement)), (reads, changes), "{sql}");
        }
    }
}
