//! What the template engine lets pass and this dialect does not.
//!
//! The template engine compares undefined values (`nothing == 1` is false there), repeats text and lists without a
//! usable limit, and lets a variable double at each `set`. Before an expression that compiles is compiled for use,
//! filters are put into it that refuse this at run time:
//! `a.b == 1` becomes `a.b|__must('a.b') == 1`, `a * b` becomes `a|__times(b)`, `{% set x = e %}` becomes
//! `{% set x = (e)|__sized %}`. Values and precedence stay as they were.

use super::tokens::{self, Kind, Piece, Token};

/// Most operators that join text or lists, in one template: each can make the sum of two values.
const MAX_JOINS: usize = 256;

/// The guarded form of an expression that compiles.
///
/// # Errors
/// What it does that is not allowed at all.
pub(super) fn expression(source: &str) -> Result<String, String> {
    let Some(tokens) = tokens::expression(source) else { return Ok(source.to_owned()) };
    let mut guard = Guard::new(source);
    guard.rewrite(&tokens);
    guard.finish()
}

/// The guarded form of a template that compiles.
///
/// # Errors
/// What it does that is not allowed at all.
pub(super) fn template(source: &str) -> Result<String, String> {
    let Some(pieces) = tokens::pieces(source) else { return Ok(source.to_owned()) };
    let mut guard = Guard::new(source);
    for piece in &pieces {
        match piece {
            Piece::Value(tokens) => guard.rewrite(tokens),
            Piece::Statement(tokens) => guard.statement(tokens)?,
        }
    }
    guard.finish()
}

struct Guard<'a> {
    source: &'a str,
    edits: Vec<Edit>,
    joins: usize,
}

struct Edit {
    at: usize,
    /// Bytes of the source that the text replaces.
    replaced: usize,
    /// Edits of one place apply in this order.
    rank: Rank,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Must,
    Number,
    Close,
    Outer,
}

/// An operand: its primary with `.x`, `[x]`, `(x)`, then its filters. As indices of tokens.
struct Operand {
    chain_end: usize,
    end: usize,
    is_name: bool,
}

impl<'a> Guard<'a> {
    fn new(source: &'a str) -> Self {
        Self { source, edits: Vec::new(), joins: 0 }
    }

    fn finish(mut self) -> Result<String, String> {
        if self.joins > MAX_JOINS {
            return Err(format!("more than {MAX_JOINS} `~` and `+`"));
        }
        self.edits.sort_by_key(|edit| (edit.at, edit.rank));
        let mut guarded = String::with_capacity(self.source.len() + self.edits.len() * 16);
        let mut from = 0;
        for edit in self.edits {
            guarded.push_str(&self.source[from..edit.at]);
            guarded.push_str(&edit.text);
            from = edit.at + edit.replaced;
        }
        guarded.push_str(&self.source[from..]);
        Ok(guarded)
    }

    fn statement(&mut self, tokens: &[Token]) -> Result<(), String> {
        let word = tokens.first().map_or("", |token| self.text(token));
        match word {
            "set" => {
                let Some(equals) = tokens.iter().position(|token| self.text(token) == "=") else {
                    return Err("`set` needs a value: `{% set name = expression %}`".to_owned());
                };
                let value = &tokens[equals + 1..];
                if let (Some(first), Some(last)) = (value.first(), value.last()) {
                    self.insert(first.range.start, Rank::Must, "(");
                    self.insert(last.range.end, Rank::Outer, ")|__sized");
                }
                self.rewrite(value);
            }
            "with" | "filter" | "autoescape" => return Err(format!("`{word}` blocks are not supported")),
            "for" => {
                let from = tokens.iter().position(|token| self.text(token) == "in").map_or(tokens.len(), |at| at + 1);
                self.rewrite(&tokens[from..]);
            }
            _ => self.rewrite(tokens.get(1..).unwrap_or_default()),
        }
        Ok(())
    }

    /// Guards the operands of one level, and of those nested in it. Nesting is limited: the source compiled.
    fn rewrite(&mut self, tokens: &[Token]) {
        let mut at = 0;
        // The operator before the operand at hand, and whether a `*` there was turned into a filter.
        let (mut before, mut is_filtered) = ("", false);
        while at < tokens.len() {
            let word = self.text(&tokens[at]);
            if word == "is" {
                at = self.skip_test(tokens, at);
                before = "is";
                continue;
            }
            let is_keyword_argument = tokens.get(at + 1).is_some_and(|next| self.text(next) == "=");
            if !self.starts_operand(&tokens[at]) || is_keyword_argument {
                self.joins += usize::from(matches!(word, "~" | "+"));
                // A sign changes nothing about which operator is before the operand.
                if !(matches!(word, "-" | "+" | "not") && !before.is_empty() && self.is_operator_end(tokens, at)) {
                    before = word;
                }
                at += 1 + usize::from(is_keyword_argument);
                continue;
            }
            let operand = self.operand(tokens, at);
            self.rewrite_nested(&tokens[at..operand.end]);
            let after = tokens.get(operand.end).map_or("", |token| self.text(token));
            let is_not_in = after == "not" && tokens.get(operand.end + 1).is_some_and(|token| self.text(token) == "in");
            if operand.is_name && (compares(before) || compares(after) || is_not_in) {
                let end = tokens[operand.end - 1].range.end;
                let chain = &self.source[tokens[at].range.start..end];
                // What a filter made of it has no name.
                let is_named = operand.chain_end == operand.end && !chain.contains(['\'', '\\', '\n']);
                let name = if is_named { format!("('{chain}')") } else { String::new() };
                self.insert(end, Rank::Must, &format!("|__must{name}"));
            }
            if after == "*" {
                is_filtered = self.product(tokens, &operand, before, is_filtered);
            }
            before = after;
            at = operand.end;
            if !after.is_empty() && !self.starts_operand(&tokens[at]) && after != "is" {
                self.joins += usize::from(matches!(after, "~" | "+"));
                at += 1;
            }
        }
    }

    /// `left * right`, where `left` ends at `operand.end`; true when it became a filter.
    fn product(&mut self, tokens: &[Token], operand: &Operand, before: &str, is_filtered: bool) -> bool {
        let star = operand.end;
        let mut right_start = star + 1;
        while tokens.get(right_start).is_some_and(|token| matches!(self.text(token), "-" | "+")) {
            right_start += 1;
        }
        if right_start >= tokens.len() {
            return false;
        }
        let right = self.operand(tokens, right_start);
        let after = tokens.get(right.end).map_or("", |token| self.text(token));
        let fits_left = match before {
            "/" | "//" | "%" | "**" => false,
            "*" => is_filtered,
            _ => true,
        };
        let end_of_right = tokens[right.end - 1].range.end;
        if fits_left && !matches!(after, "**" | "is") {
            let range = tokens[star].range.clone();
            self.edits.push(Edit {
                at: range.start,
                replaced: range.len(),
                rank: Rank::Outer,
                text: "|__times(".into(),
            });
            self.insert(end_of_right, Rank::Close, ")");
            true
        } else {
            self.insert(tokens[star - 1].range.end, Rank::Number, "|__number");
            self.insert(end_of_right, Rank::Number, "|__number");
            false
        }
    }

    fn rewrite_nested(&mut self, tokens: &[Token]) {
        let mut at = 0;
        while at < tokens.len() {
            if matches!(self.text(&tokens[at]), "(" | "[" | "{") {
                let end = self.group(tokens, at);
                self.rewrite(&tokens[at + 1..end.saturating_sub(1).max(at + 1)]);
                at = end;
            } else {
                at += 1;
            }
        }
    }

    fn operand(&self, tokens: &[Token], start: usize) -> Operand {
        let is_name = tokens[start].kind == Kind::Name;
        let mut end =
            if matches!(self.text(&tokens[start]), "(" | "[" | "{") { self.group(tokens, start) } else { start + 1 };
        loop {
            match tokens.get(end).map(|token| self.text(token)) {
                Some(".") if end + 1 < tokens.len() => end += 2,
                Some("[" | "(") => end = self.group(tokens, end),
                _ => break,
            }
        }
        let chain_end = end;
        while end + 1 < tokens.len() && self.text(&tokens[end]) == "|" {
            end += 2;
            while tokens.get(end).is_some_and(|token| matches!(self.text(token), "(" | "[")) {
                end = self.group(tokens, end);
            }
            while end + 1 < tokens.len() && self.text(&tokens[end]) == "." {
                end += 2;
            }
        }
        Operand { chain_end, end, is_name }
    }

    /// The index after the bracket that closes the one at `start`.
    fn group(&self, tokens: &[Token], start: usize) -> usize {
        let mut depth = 0_usize;
        for (at, token) in tokens.iter().enumerate().skip(start) {
            match self.text(token) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => {
                    depth -= 1;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
        }
        tokens.len()
    }

    /// After `is`, `not` and the test's name; its arguments are operands again.
    fn skip_test(&self, tokens: &[Token], is: usize) -> usize {
        let mut at = is + 1;
        if tokens.get(at).is_some_and(|token| self.text(token) == "not") {
            at += 1;
        }
        at + 1
    }

    fn starts_operand(&self, token: &Token) -> bool {
        match token.kind {
            Kind::Name => !KEYWORDS.contains(&self.text(token)),
            Kind::Text | Kind::Number => true,
            Kind::Symbol => matches!(self.text(token), "(" | "[" | "{"),
        }
    }

    /// Whether the token before `at` is an operator, so that a sign at `at` is one of an operand.
    fn is_operator_end(&self, tokens: &[Token], at: usize) -> bool {
        at > 0 && tokens[at - 1].kind == Kind::Symbol && !matches!(self.text(&tokens[at - 1]), ")" | "]" | "}")
    }

    fn insert(&mut self, at: usize, rank: Rank, text: &str) {
        self.edits.push(Edit { at, replaced: 0, rank, text: text.to_owned() });
    }

    fn text(&self, token: &Token) -> &'a str {
        &self.source[token.range.clone()]
    }
}

/// Names that are operators.
pub(super) const KEYWORDS: &[&str] = &["and", "or", "not", "in", "is", "if", "else", "recursive"];

fn compares(word: &str) -> bool {
    matches!(word, "==" | "!=" | "<" | ">" | "<=" | ">=" | "in" | "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_guarded_where_the_engine_is_lenient() {
        for (source, expect) in [
            ("a", "a"),
            ("a.b == 1", "a.b|__must('a.b') == 1"),
            ("1 < a.b[0].c", "1 < a.b[0].c|__must('a.b[0].c')"),
            ("a['x'] != b", "a['x']|__must != b|__must('b')"),
            ("a | length == 2", "a | length|__must == 2"),
            ("a | default(b.c == 1) == 2", "a | default(b.c|__must('b.c') == 1)|__must == 2"),
            ("a is defined and a == 1", "a is defined and a|__must('a') == 1"),
            ("a is divisibleby 3", "a is divisibleby 3"),
            ("x not in a.b", "x|__must('x') not in a.b|__must('a.b')"),
            ("f(k=a.b == 1)", "f(k=a.b|__must('a.b') == 1)"),
            ("a * b", "a |__times( b)"),
            ("a * b * c", "a |__times( b) |__times( c)"),
            ("a + b * -c", "a + b |__times( -c)"),
            ("a / b * c", "a / b|__number * c|__number"),
            ("a * b ** 2", "a|__number * b|__number ** 2"),
            ("a * b / c", "a |__times( b) / c"),
            ("(a + b) * [c * d][0]", "(a + b) |__times( [c |__times( d)][0])"),
            ("a * b.c == 1", "a |__times( b.c|__must('b.c')) == 1"),
            ("{'k': a == 1}", "{'k': a|__must('a') == 1}"),
            ("a if b == 1 else c", "a if b|__must('b') == 1 else c"),
            ("'a == b'", "'a == b'"),
            ("-a == 1", "-a|__must('a') == 1"),
            ("a[:b * 2]", "a[:b |__times( 2)]"),
        ] {
            assert_eq!(expression(source).as_deref(), Ok(expect), "{source}");
        }
    }

    #[test]
    fn templates_are_guarded_in_their_expressions_only() {
        for (source, expect) in [
            ("a * b {{ a * b }}", "a * b {{ a |__times( b) }}"),
            ("{% if a == 1 %}x{% endif %}", "{% if a|__must('a') == 1 %}x{% endif %}"),
            ("{% for x in a.b %}{{ x }}{% endfor %}", "{% for x in a.b %}{{ x }}{% endfor %}"),
            ("{% for k, v in a if v == 1 %}{% endfor %}", "{% for k, v in a if v|__must('v') == 1 %}{% endfor %}"),
            ("{% set x = x ~ x %}", "{% set x = (x|__must('x') ~ x|__must('x'))|__sized %}"),
            ("{% raw %}{{ a == 1 }}{% endraw %}", "{% raw %}{{ a == 1 }}{% endraw %}"),
        ] {
            assert_eq!(template(source).as_deref(), Ok(expect), "{source}");
        }
    }

    #[test]
    fn what_cannot_be_bounded_is_refused() {
        for source in
            ["{% set x %}a{% endset %}", "{% with a = 1 %}{% endwith %}", "{% filter upper %}a{% endfilter %}"]
        {
            assert!(template(source).is_err(), "{source}");
        }
        assert!(expression(&vec!["a"; 300].join(" ~ ")).is_err());
        assert!(expression(&vec!["a"; 200].join(" ~ ")).is_ok());
    }
}
