//! Cutting SQL text into statements and finding their parameters, by PostgreSQL's lexical rules as `psql` reads
//! them.

use std::collections::{BTreeMap, BTreeSet};

/// One statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) pieces: Vec<Piece>,
    /// The bare words and marks outside of strings, comments and quoted names; words in upper case.
    pub(super) words: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// `$3`, from 1.
    Number(usize),
    /// `:name`
    Name(String),
}

impl Piece {
    fn source(&self) -> String {
        match self {
            Piece::Text(text) => text.clone(),
            Piece::Number(number) => format!("${number}"),
            Piece::Name(name) => format!(":{name}"),
        }
    }
}

impl Statement {
    /// As it was written.
    pub(super) fn source(&self) -> String {
        self.pieces.iter().map(Piece::source).collect()
    }

    /// As the server gets it: each parameter is `$1`, `$2` … in the order of [`Statement::parameters`].
    pub(super) fn numbered(&self) -> String {
        self.sent().map(|(_, text)| text).collect()
    }

    /// The parameters in the order of their values. A number counts once, as often as it is used; a name each time,
    /// so that each place has a type of its own.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Piece> {
        let mut seen = BTreeSet::new();
        self.pieces.iter().filter(move |piece| match piece {
            Piece::Text(_) => false,
            Piece::Number(number) => seen.insert(*number),
            Piece::Name(_) => true,
        })
    }

    pub(super) fn has_parameters(&self) -> bool {
        self.parameters().next().is_some()
    }

    /// The character of [`Statement::source`] that the character `position` (from 0) of
    /// [`Statement::numbered`] stands for.
    pub(super) fn written_at(&self, position: usize) -> usize {
        let (mut numbered, mut written) = (0, 0);
        for (piece, text) in self.sent() {
            let (here, there) = (text.chars().count(), piece.source().chars().count());
            if position < numbered + here {
                return written + (position - numbered).min(there.saturating_sub(1));
            }
            numbered += here;
            written += there;
        }
        written
    }

    /// Each piece with the text the server gets for it.
    fn sent(&self) -> impl Iterator<Item = (&Piece, String)> {
        let (mut count, mut numbers) = (0, BTreeMap::new());
        let mut next = move || {
            count += 1;
            count
        };
        self.pieces.iter().map(move |piece| {
            let text = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Number(number) => format!("${}", numbers.entry(*number).or_insert_with(&mut next)),
                Piece::Name(_) => format!("${}", next()),
            };
            (piece, text)
        })
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// The statements of `text`; empty ones are left out.
pub(super) fn split(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut open = Open::default();
    let mut rest = text;
    let mut before = None;
    while !rest.is_empty() {
        let (token, length) = next(rest, before);
        let (piece, after) = rest.split_at(length);
        before = piece.chars().next_back();
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
struct Open {
    statement: Statement,
    /// Open parentheses.
    depth: usize,
    /// Open `BEGIN ATOMIC` and `CASE` of a function's body.
    body: usize,
}

impl Open {
    fn push(&mut self, token: Token, piece: &str) {
        if token == Token::Blank && self.statement.words.is_empty() {
            return;
        }
        match token {
            Token::Number(number) => {
                self.statement.pieces.push(Piece::Number(number));
                self.statement.words.push("$".to_owned());
                return;
            }
            Token::Name(name) => {
                self.statement.pieces.push(Piece::Name(name));
                self.statement.words.push(":".to_owned());
                return;
            }
            Token::Word => {
                let word = piece.to_ascii_uppercase();
                self.count_body(&word);
                self.statement.words.push(word);
            }
            Token::Mark | Token::Semicolon => {
                match piece {
                    "(" => self.depth += 1,
                    ")" => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.statement.words.push(piece.to_owned());
            }
            Token::Quoted => self.statement.words.push("''".to_owned()),
            Token::Blank => {}
        }
        self.statement.push_text(piece);
    }

    fn count_body(&mut self, word: &str) {
        if self.depth > 0 || !self.defines_routine() {
            return;
        }
        match word {
            "BEGIN" => self.body += 1,
            "CASE" if self.body > 0 => self.body += 1,
            "END" => self.body = self.body.saturating_sub(1),
            _ => {}
        }
    }

    fn defines_routine(&self) -> bool {
        let mut words = self.statement.words.iter().map(String::as_str);
        let is_routine = |word| matches!(word, Some("FUNCTION" | "PROCEDURE"));
        if words.next() != Some("CREATE") {
            return false;
        }
        match words.next() {
            Some("OR") => words.next() == Some("REPLACE") && is_routine(words.next()),
            other => is_routine(other),
        }
    }

    fn ends_here(&self) -> bool {
        self.depth == 0 && self.body == 0
    }

    fn close(mut self) -> Option<Statement> {
        if let Some(Piece::Text(last)) = self.statement.pieces.last_mut() {
            last.truncate(last.trim_end().len());
        }
        Some(self.statement).filter(|statement| !statement.words.is_empty())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Space or a comment.
    Blank,
    /// A string or a quoted name.
    Quoted,
    Word,
    Number(usize),
    Name(String),
    Semicolon,
    Mark,
}

/// The first token of `text` (not empty), which follows the character `before`, and its length in bytes.
fn next(text: &str, before: Option<char>) -> (Token, usize) {
    let first = text.chars().next().unwrap_or_default();
    match first {
        ';' => (Token::Semicolon, 1),
        _ if first.is_whitespace() => (Token::Blank, span(text, char::is_whitespace)),
        '-' if text.starts_with("--") => (Token::Blank, text.find('\n').map_or(text.len(), |end| end + 1)),
        '/' if text.starts_with("/*") => (Token::Blank, comment(text)),
        '\'' => (Token::Quoted, quoted(text, '\'', false)),
        '"' => (Token::Quoted, quoted(text, '"', false)),
        'e' | 'E' if text[1..].starts_with('\'') => (Token::Quoted, 1 + quoted(&text[1..], '\'', true)),
        '$' => dollar(text),
        ':' if text.starts_with("::") || text.starts_with(":=") => (Token::Mark, 2),
        ':' if before != Some(':') => match word(&text[1..]) {
            0 => (Token::Mark, 1),
            length => (Token::Name(text[1..=length].to_owned()), 1 + length),
        },
        _ if is_word(first) => (Token::Word, span(text, |c| is_word(c) || c == '$')),
        _ => (Token::Mark, first.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii()
}

/// The length of the name that `text` begins with; a digit begins none.
fn word(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) { 0 } else { span(text, is_word) }
}

fn span(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// A parameter, or a string between `$tag$` and `$tag$`.
fn dollar(text: &str) -> (Token, usize) {
    let digits = span(&text[1..], |c| c.is_ascii_digit());
    if digits > 0 {
        return text[1..=digits].parse().map_or((Token::Mark, 1), |number| (Token::Number(number), 1 + digits));
    }
    let tag = 1 + word(&text[1..]);
    if !text[tag..].starts_with('$') {
        return (Token::Mark, 1);
    }
    let tag = &text[..=tag];
    (Token::Quoted, text[tag.len()..].find(tag).map_or(text.len(), |end| tag.len() + end + tag.len()))
}

/// Comments nest.
fn comment(text: &str) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        let rest = &text[at..];
        match (rest.find("*/"), rest.find("/*")) {
            (None, _) => return text.len(),
            (Some(end), Some(start)) if start < end => {
                depth += 1;
                at += start + 2;
            }
            (Some(end), _) => {
                depth -= 1;
                at += end + 2;
            }
        }
    }
    at
}

/// The length of a quoted piece, in which the doubled quote stands for itself, and a backslash takes the next
/// character with it where `escapes` says so.
fn quoted(text: &str, quote: char, escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_psql_ends_them() {
        let body =
            "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END";
        let rule = "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO a VALUES (1); INSERT INTO b VALUES (2))";
        for (text, expect) in [
            ("", vec![]),
            (" ; ;\n-- nothing\n;/* x /* y */ ; */", vec![]),
            ("SELECT 1", vec!["SELECT 1"]),
            ("SELECT 1;\n SELECT 2 ; ", vec!["SELECT 1", "SELECT 2"]),
            ("SELECT 'a;b', \"c;d\", 'it''s;'; SELECT 2", vec!["SELECT 'a;b', \"c;d\", 'it''s;'", "SELECT 2"]),
            (r"SELECT E'a\';b', 'c\'; SELECT 2", vec![r"SELECT E'a\';b', 'c\'", "SELECT 2"]),
            ("DO $$ BEGIN PERFORM 1; END $$; SELECT 2", vec!["DO $$ BEGIN PERFORM 1; END $$", "SELECT 2"]),
            ("SELECT $a$ x; $b$ ; $a$; SELECT 2", vec!["SELECT $a$ x; $b$ ; $a$", "SELECT 2"]),
            ("SELECT a$b$c; SELECT d$b$", vec!["SELECT a$b$c", "SELECT d$b$"]),
            (&format!("{body}; SELECT 3"), vec![body, "SELECT 3"]),
            (&format!("{rule}; SELECT 3"), vec![rule, "SELECT 3"]),
            ("BEGIN; SELECT 1; END", vec!["BEGIN", "SELECT 1", "END"]),
            ("SELECT /* ; */ 1 -- ;\n; SELECT 2", vec!["SELECT /* ; */ 1 -- ;", "SELECT 2"]),
            ("SELECT 'never closed; x", vec!["SELECT 'never closed; x"]),
            ("SELECT $$ never closed; x", vec!["SELECT $$ never closed; x"]),
            ("SELECT 'ä€';SELECT ü", vec!["SELECT 'ä€'", "SELECT ü"]),
        ] {
            let found: Vec<String> = split(text).iter().map(Statement::source).collect();
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn parameters_are_found_where_they_are_meant() {
        let text = "SELECT $2, :a, b::text, c[1:2], ':d', \":e\", $$ :f $1 $$, x::int8[], :a -- :g";
        let statement = &split(text)[0];
        let parameters: Vec<&Piece> = statement.parameters().collect();
        let name = |text: &str| Piece::Name(text.to_owned());
        assert_eq!(parameters, [&Piece::Number(2), &name("a"), &name("a")]);
        assert_eq!(statement.source(), text);
        assert_eq!(
            statement.numbered(),
            "SELECT $1, $2, b::text, c[1:2], ':d', \":e\", $$ :f $1 $$, x::int8[], $3 -- :g"
        );
    }

    #[test]
    fn numbers_count_once_and_names_each_time() {
        let statement = &split("SELECT $3, :a, $1, $3, :a")[0];
        assert_eq!(statement.numbered(), "SELECT $1, $2, $3, $1, $4");
        assert_eq!(statement.parameters().count(), 4);
    }

    #[test]
    fn places_are_told_in_what_was_written() {
        let statement = &split("SELECT :long_name, ä, :b, wrong")[0];
        let (numbered, source) = (statement.numbered(), statement.source());
        for what in ["wrong", "ä", "SELECT"] {
            let at = |text: &str| text[..text.find(what).expect(what)].chars().count();
            assert_eq!(statement.written_at(at(&numbered)), at(&source), "{what}");
        }
    }
}
