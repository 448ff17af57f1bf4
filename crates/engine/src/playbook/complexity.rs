//! How large an expression or template may be before it is given to the template engine, whose compiler recurses.

use super::{
    guard::KEYWORDS,
    tokens::{self, Kind, Piece},
};

/// Most operators in one expression, and branches in one template: the template engine's compiler recurses over them.
const MAX_OPERATORS: usize = 500;

/// Whether a template (or, with `is_template` false, an expression) is small enough to be compiled at all.
///
/// # Errors
/// What there is too much of.
pub(super) fn check(source: &str, is_template: bool) -> Result<(), String> {
    let too_many = || Err(format!("more than {MAX_OPERATORS} operators"));
    let pieces = match is_template {
        true => tokens::pieces(source),
        false => tokens::expression(source).map(|tokens| vec![Piece::Value(tokens)]),
    };
    let Some(pieces) = pieces else {
        // It will not compile; that it is tried is for the message.
        let operators =
            source.bytes().filter(|b| b.is_ascii_punctuation() && !matches!(b, b',' | b'_' | b'\'' | b'"')).count();
        return if operators + source.split_whitespace().count() > MAX_OPERATORS { too_many() } else { Ok(()) };
    };
    let mut branches = 0;
    for piece in &pieces {
        let (Piece::Value(tokens) | Piece::Statement(tokens)) = piece;
        if tokens.iter().filter(|token| is_operator(&source[token.range.clone()], token.kind)).count() > MAX_OPERATORS {
            return too_many();
        }
        branches += usize::from(matches!(piece, Piece::Statement(_)));
    }
    if branches > MAX_OPERATORS { Err(format!("more than {MAX_OPERATORS} statements")) } else { Ok(()) }
}

fn is_operator(word: &str, kind: Kind) -> bool {
    match kind {
        Kind::Name => KEYWORDS.contains(&word),
        Kind::Symbol => !matches!(word, "," | ":" | ")" | "]" | "}" | "="),
        Kind::Text | Kind::Number => false,
    }
}
