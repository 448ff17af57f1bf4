//! Cutting SQL text into statements and finding their parameters, by SQLite's own lexical rules.

/// One statement, its parameters replaced by `?` and named in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) parameters: Vec<Parameter>,
    /// The bare words and marks outside of strings, comments and quoted names; words in upper case.
    pub(super) words: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// `?`
    Next,
    /// `?3`, from 1.
    Number(usize),
    /// `:name`, `@name`, `$name`.
    Name(String),
}

/// The statements of `text`; empty ones are left out.
pub(super) fn split(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut open = Open::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (token, length) = next(rest);
        let (piece, after) = rest.split_at(length);
        rest = after;
        if token == Token::Semicolon && open.ends_here() {
            statements.extend(std::mem::take(&mut open).close());
        } else {
            open.push(token, piece);
        }
    }
    statements.extend(open.close());
    statements
}

#[derive(Default)]
struct Open(Option<Statement>);

impl Open {
    fn push(&mut self, token: Token, piece: &str) {
        if self.0.is_none() && token == Token::Blank {
            return;
        }
        let statement =
            self.0.get_or_insert_with(|| Statement { sql: String::new(), parameters: Vec::new(), words: Vec::new() });
        match token {
            Token::Parameter(parameter) => {
                statement.sql.push('?');
                statement.parameters.push(parameter);
                statement.words.push("?".to_owned());
                return;
            }
            Token::Word | Token::Mark | Token::Semicolon => statement.words.push(piece.to_ascii_uppercase()),
            Token::Quoted => statement.words.push("''".to_owned()),
            Token::Blank => {}
        }
        statement.sql.push_str(piece);
    }

    /// A semicolon ends a statement, except inside a trigger's body: there only the one after `; END` does.
    fn ends_here(&self) -> bool {
        let Some(statement) = &self.0 else { return true };
        let mut head = statement.words.iter().map(String::as_str).filter(|word| !matches!(*word, "TEMP" | "TEMPORARY"));
        let is_trigger = head.next() == Some("CREATE") && head.next() == Some("TRIGGER");
        !is_trigger || matches!(statement.words.as_slice(), [.., before, last] if before == ";" && last == "END")
    }

    fn close(self) -> Option<Statement> {
        self.0.filter(|statement| !statement.words.is_empty())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Space or a comment.
    Blank,
    /// A string, a blob or a quoted name.
    Quoted,
    Word,
    Parameter(Parameter),
    Semicolon,
    Mark,
}

/// The first token of `text` (not empty) and its length in bytes.
fn next(text: &str) -> (Token, usize) {
    let first = text.chars().next().unwrap_or_default();
    match first {
        ';' => (Token::Semicolon, 1),
        _ if first.is_whitespace() => (Token::Blank, span(text, char::is_whitespace)),
        '-' if text.starts_with("--") => (Token::Blank, text.find('\n').map_or(text.len(), |end| end + 1)),
        '/' if text.starts_with("/*") => (Token::Blank, text[2..].find("*/").map_or(text.len(), |end| end + 4)),
        '\'' | '"' | '`' => (Token::Quoted, quoted(text, first)),
        '[' => (Token::Quoted, text.find(']').map_or(text.len(), |end| end + 1)),
        '?' => {
            let digits = span(&text[1..], |c| c.is_ascii_digit());
            let parameter = text[1..=digits].parse().map_or(Parameter::Next, Parameter::Number);
            (Token::Parameter(parameter), 1 + digits)
        }
        ':' | '@' | '$' => match span(&text[1..], is_word) {
            0 => (Token::Mark, 1),
            length => (Token::Parameter(Parameter::Name(text[1..=length].to_owned())), 1 + length),
        },
        _ if is_word(first) => (Token::Word, span(text, is_word)),
        _ => (Token::Mark, first.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// The length of a quoted piece, in which the doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> usize {
    let mut at = 1;
    while let Some(found) = text[at..].find(quote) {
        at += found + 1;
        if !text[at..].starts_with(quote) {
            return at;
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_sqlite_ends_them() {
        let trigger =
            "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END";
        for (text, expect) in [
            ("", vec![]),
            (" ; ;\n-- nothing\n;/* x */", vec![]),
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1;SELECT 2;", vec!["SELECT 1", "SELECT 2"]),
            (
                "SELECT 'a;b', \"c;d\", `e;f`, [g;h]; SELECT 'it''s;'",
                vec!["SELECT 'a;b', \"c;d\", `e;f`, [g;h]", "SELECT 'it''s;'"],
            ),
            ("SELECT 1 -- a;b\n; SELECT /* ; */ 2", vec!["SELECT 1 -- a;b\n", "SELECT /* ; */ 2"]),
            (&format!("{trigger}; SELECT 1"), vec![trigger, "SELECT 1"]),
            ("SELECT 'never closed; x", vec!["SELECT 'never closed; x"]),
            ("SELECT 1 /* never closed; x", vec!["SELECT 1 /* never closed; x"]),
            ("SELECT 'ä€';SELECT ü", vec!["SELECT 'ä€'", "SELECT ü"]),
        ] {
            let found: Vec<String> = split(text).into_iter().map(|statement| statement.sql).collect();
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn parameters_are_found_outside_of_strings_only() {
        let statements = split("SELECT ?, ?3, :a, @b_1, $c, ':d', \":e\", a::text -- :f\n, [?]");
        use Parameter::*;
        let name = |text: &str| Name(text.to_owned());
        assert_eq!(statements[0].parameters, [Next, Number(3), name("a"), name("b_1"), name("c"), name("text")]);
        assert_eq!(statements[0].sql, "SELECT ?, ?, ?, ?, ?, ':d', \":e\", a:? -- :f\n, [?]");
    }
}
