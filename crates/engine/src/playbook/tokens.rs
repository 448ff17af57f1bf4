//! The tokens of template expressions, as far as the guard needs them.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Bytes of the source.
    pub(super) range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Text,
    Number,
    Symbol,
}

/// One piece of a template's source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// `{{ … }}`: the tokens within.
    Value(Vec<Token>),
    /// `{% … %}`: the tokens within.
    Statement(Vec<Token>),
}

/// The expressions and statements of a template. `None` when it ends within one.
pub(super) fn pieces(source: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(found) = source[at..].find('{') {
        let start = at + found;
        match source.as_bytes().get(start + 1) {
            Some(b'#') => at = start + 2 + source[start + 2..].find("#}")? + 2,
            Some(b'{') => {
                let (tokens, end) = until(source, start + 2, "}}")?;
                pieces.push(Piece::Value(tokens));
                at = end;
            }
            Some(b'%') => {
                let (tokens, end) = until(source, start + 2, "%}")?;
                let is_raw = tokens.first().is_some_and(|token| &source[token.range.clone()] == "raw");
                at = end;
                if is_raw {
                    at = end + source[end..].find("endraw")?;
                    at += source[at..].find("%}")? + 2;
                }
                pieces.push(Piece::Statement(tokens));
            }
            _ => at = start + 1,
        }
    }
    Some(pieces)
}

/// The tokens of an expression. `None` when text in it does not end.
pub(super) fn expression(source: &str) -> Option<Vec<Token>> {
    let mut lexer = Lexer { source, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Some(tokens)
}

/// Tokens up to the closing delimiter, and the place after it. Braces within the expression are its own.
fn until(source: &str, start: usize, close: &str) -> Option<(Vec<Token>, usize)> {
    let mut lexer = Lexer { source, at: start };
    let (mut tokens, mut depth) = (Vec::new(), 0_usize);
    loop {
        lexer.skip_space();
        // `-` and `+` before the delimiter belong to it.
        let rest = &source[lexer.at..];
        let trimmed = rest.strip_prefix(['-', '+']).filter(|rest| rest.starts_with(close));
        if depth == 0 && (rest.starts_with(close) || trimmed.is_some()) {
            return Some((tokens, lexer.at + usize::from(trimmed.is_some()) + close.len()));
        }
        let token = lexer.next()??;
        match &source[token.range.clone()] {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        // `{{-`: a leading sign is whitespace control, not an operator.
        let is_control =
            tokens.is_empty() && token.range.start == start && matches!(&source[token.range.clone()], "-" | "+");
        if !is_control {
            tokens.push(token);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn skip_space(&mut self) {
        let rest = &self.source[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next token; `Some(None)` at the end, `None` when text does not end.
    fn next(&mut self) -> Option<Option<Token>> {
        self.skip_space();
        let start = self.at;
        let rest = &self.source[start..];
        let Some(first) = rest.chars().next() else { return Some(None) };
        let (kind, length) = match first {
            '\'' | '"' => (Kind::Text, text_length(rest, first)?),
            c if c.is_ascii_digit() => (Kind::Number, number_length(rest)),
            c if c.is_alphanumeric() || c == '_' => {
                (Kind::Name, rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()))
            }
            c => {
                let double = ["==", "!=", "<=", ">=", "//", "**"].into_iter().any(|symbol| rest.starts_with(symbol));
                (Kind::Symbol, if double { 2 } else { c.len_utf8() })
            }
        };
        self.at = start + length;
        Some(Some(Token { kind, range: start..start + length }))
    }
}

fn text_length(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// `1`, `1.5`, `1e-3`, `0xff`, `1_000`; not the dot of `1.name`.
fn number_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let is_part = match bytes[at] {
            b if b.is_ascii_alphanumeric() || b == b'_' => true,
            b'.' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit) && !rest[..at].contains('.'),
            b'+' | b'-' => matches!(bytes[at - 1], b'e' | b'E') && !rest.starts_with("0x"),
            _ => false,
        };
        if !is_part {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        expression(source).unwrap().into_iter().map(|token| &source[token.range]).collect()
    }

    #[test]
    fn expressions_fall_into_tokens() {
        for (source, expect) in [
            ("a.b == 'x y'", vec!["a", ".", "b", "==", "'x y'"]),
            ("1.5e-3*x[0]|f(k=2)", vec!["1.5e-3", "*", "x", "[", "0", "]", "|", "f", "(", "k", "=", "2", ")"]),
            ("a**2//3", vec!["a", "**", "2", "//", "3"]),
            (r#""a\"b" ~ 'ä'"#, vec![r#""a\"b""#, "~", "'ä'"]),
        ] {
            assert_eq!(words(source), expect);
        }
        assert_eq!(expression("'open"), None);
    }

    #[test]
    fn templates_fall_into_pieces() {
        let source =
            "x {{- {'a': {'b': 1}} -}} {# {{ no }} #} {% raw %}{{ no }}{% endraw %} {% if a == '%}' %}y{% endif %} { {";
        let shown: Vec<String> = pieces(source)
            .unwrap()
            .into_iter()
            .map(|piece| {
                let (Piece::Value(tokens) | Piece::Statement(tokens)) = piece;
                tokens.into_iter().map(|token| &source[token.range]).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(shown, ["{ 'a' : { 'b' : 1 } }", "raw", "if a == '%}'", "endif"]);
        assert_eq!(pieces("{{ open"), None);
        assert_eq!(pieces("no {templates}"), Some(vec![]));
    }
}
