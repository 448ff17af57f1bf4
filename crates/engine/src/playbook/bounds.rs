//! Filters that bound what templates make: of text, of lists, of undefined values.

use super::expr::MAX_OUTPUT;
use minijinja::{Error, ErrorKind, Value, value::ValueKind};

fn refuse(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, what.into())
}

/// An undefined operand of a comparison is an error.
pub(super) fn must(value: Value, name: Option<String>) -> Result<Value, Error> {
    if !value.is_undefined() {
        return Ok(value);
    }
    let name = name.map_or_else(|| "a value".to_owned(), |name| format!("`{name}`"));
    Err(Error::new(ErrorKind::UndefinedError, format!("{name} is not defined")))
}

/// `left * right`: numbers are multiplied, text and lists repeated within the bounds.
pub(super) fn times(left: Value, right: Value) -> Result<Value, Error> {
    let (left, right) = (must(left, None)?, must(right, None)?);
    match (left.kind(), right.kind()) {
        (ValueKind::Number | ValueKind::Bool, ValueKind::Number | ValueKind::Bool) => multiply(&left, &right),
        (_, ValueKind::Number) => repeat(&left, &right),
        (ValueKind::Number, _) => repeat(&right, &left),
        (left, right) => Err(refuse(format!("cannot multiply {left} with {right}"))),
    }
}

/// An operand of a multiplication that could not be turned into `times`.
pub(super) fn number(value: Value) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Number | ValueKind::Bool => Ok(value),
        kind => Err(refuse(format!("cannot multiply {kind} beside `/`, `%` or `**`; use parentheses"))),
    }
}

/// A value that a variable keeps.
pub(super) fn sized(value: Value) -> Result<Value, Error> {
    match weigh(&value) {
        Some(_) => Ok(value),
        None => Err(refuse(format!("a variable would be larger than {MAX_OUTPUT} bytes"))),
    }
}

/// About how many bytes of text a value makes; `None` when more than `MAX_OUTPUT`.
fn weigh(value: &Value) -> Option<usize> {
    let mut left = MAX_OUTPUT;
    take(value, &mut left, 0).then(|| MAX_OUTPUT - left)
}

fn take(value: &Value, left: &mut usize, depth: usize) -> bool {
    const ITEM_BYTES: usize = 8;
    const MAX_DEPTH: usize = 128;
    let Some(rest) = left.checked_sub(value.as_str().map_or(ITEM_BYTES, str::len)) else { return false };
    *left = rest;
    if depth > MAX_DEPTH {
        return false;
    }
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            value.try_iter().is_ok_and(|mut items| items.all(|item| take(&item, left, depth + 1)))
        }
        ValueKind::Map => value.try_iter().is_ok_and(|mut keys| {
            keys.all(|key| {
                take(&key, left, depth + 1) && value.get_item(&key).is_ok_and(|item| take(&item, left, depth + 1))
            })
        }),
        _ => true,
    }
}

fn multiply(left: &Value, right: &Value) -> Result<Value, Error> {
    let as_integer = |value: &Value| match value.kind() {
        ValueKind::Bool => Some(i128::from(value.is_true())),
        _ if value.is_integer() => i128::try_from(value.clone()).ok(),
        _ => None,
    };
    if let (Some(left), Some(right)) = (as_integer(left), as_integer(right)) {
        let product = left.checked_mul(right).ok_or_else(|| refuse("the product is too large"))?;
        return Ok(i64::try_from(product).map_or_else(|_| Value::from(product), Value::from));
    }
    let as_float = |value: &Value| match value.kind() {
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        _ => f64::try_from(value.clone()).ok().or_else(|| as_integer(value).map(|value| value as f64)),
    };
    match (as_float(left), as_float(right)) {
        (Some(left), Some(right)) => Ok(Value::from(left * right)),
        _ => Err(refuse(format!("cannot multiply {left} with {right}"))),
    }
}

fn repeat(what: &Value, times: &Value) -> Result<Value, Error> {
    let times = i64::try_from(times.clone()).map_err(|_| refuse("only a whole number can repeat"))?;
    let times = usize::try_from(times).unwrap_or(0);
    if let Some(text) = what.as_str() {
        if text.len().saturating_mul(times) > MAX_OUTPUT {
            return Err(refuse(format!("the text would be larger than {MAX_OUTPUT} bytes")));
        }
        return Ok(Value::from(text.repeat(times)));
    }
    if !matches!(what.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Err(refuse(format!("cannot repeat {}", what.kind())));
    }
    if weigh(what).is_none_or(|bytes| bytes.saturating_mul(times) > MAX_OUTPUT) {
        return Err(refuse(format!("the list would be larger than {MAX_OUTPUT} bytes")));
    }
    let items: Vec<Value> = what.try_iter()?.collect();
    Ok(Value::from(std::iter::repeat_n(items, times).flatten().collect::<Vec<Value>>()))
}

/// Refuses arguments of a filter that together could make more than the bounds. A method's value is the first.
pub(super) fn growth(name: &str, args: &[Value]) -> Result<(), Error> {
    let text = |at: usize| args.get(at).and_then(Value::as_str).map_or(0, str::len);
    let count = |value: &Value| i64::try_from(value.clone()).ok().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    // Keyword arguments are a map at the end.
    let named =
        args.last().filter(|last| last.is_kwargs()).and_then(|named| named.try_iter().ok().map(|keys| (named, keys)));
    let named = named.into_iter().flat_map(|(named, keys)| keys.filter_map(|key| named.get_item(&key).ok()));
    let largest = args.iter().skip(1).cloned().chain(named).map(|value| count(&value)).max().unwrap_or(0);
    let made = match name {
        // Text can be put in place of every piece, and between any two characters.
        "replace" => ((text(0) + 1) / text(1).max(1)).saturating_mul(text(2)).saturating_add(text(0)),
        "join" => {
            let items = args.first().and_then(Value::len).unwrap_or(0);
            args.first().and_then(weigh).map_or(usize::MAX, |bytes| bytes.saturating_add(items.saturating_mul(text(1))))
        }
        "indent" => {
            let lines = args.first().and_then(Value::as_str).map_or(0, |text| text.lines().count());
            largest.saturating_mul(lines + 1).saturating_add(text(0))
        }
        // A width in the format itself, or one given as an argument.
        "format" => widest(args.first().and_then(Value::as_str).unwrap_or_default()).saturating_add(text(0)),
        // One item per unit asked for.
        "batch" | "slice" => largest.saturating_mul(8),
        "tojson" | "string" | "pprint" | "list" | "sort" | "sum" | "unique" | "reverse" => {
            args.first().and_then(weigh).unwrap_or(usize::MAX)
        }
        _ => 0,
    };
    if made > MAX_OUTPUT { Err(refuse(format!("the value would be larger than {MAX_OUTPUT} bytes"))) } else { Ok(()) }
}

/// The largest number written in a format; a width that comes from an argument (`*`) is refused.
fn widest(format: &str) -> usize {
    if format.contains("%*") || format.contains(".*") {
        return usize::MAX;
    }
    let number = |run: &str| if run.is_empty() { 0 } else { run.parse().unwrap_or(usize::MAX) };
    format.split(|c: char| !c.is_ascii_digit()).map(number).max().unwrap_or(0)
}
