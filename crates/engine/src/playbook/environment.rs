//! The template engine as this dialect uses it: strict names, bounded work, Python's methods.

use crate::context;
use minijinja::{
    Environment, Error, ErrorKind, State, UndefinedBehavior, Value,
    value::{Rest, ValueKind},
};
use std::sync::LazyLock;

/// Instructions one evaluation may take.
const FUEL: u64 = 1_000_000;
/// Nesting of calls within one evaluation.
const RECURSION: usize = 64;
/// Longest text, in bytes, that a filter or method may be asked to make.
const MAX_TEXT: usize = 16 << 20;
/// Filters whose lookups by name are allowed to find nothing (`map(attribute=…, default=…)`).
const ASKING_FILTERS: &[&str] = &["map", "selectattr", "rejectattr", "groupby", "sort", "unique", "attr"];
/// Filters that can make much text out of little.
const GROWING_FILTERS: &[&str] = &["replace", "indent", "format", "join"];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(build);

pub(crate) fn environment() -> &'static Environment<'static> {
    &ENVIRONMENT
}

fn build() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(RECURSION);
    env.set_unknown_method_callback(method);
    env.remove_global("debug");
    // Text that doubles with each turn of a loop needs a place to survive the turn; without one it cannot.
    env.remove_global("namespace");
    env.add_filter("default", default);
    env.add_filter("d", default);
    env.add_test("defined", |state: &State, value: &Value| {
        expect_undefined(state, value);
        !value.is_undefined()
    });
    env.add_test("undefined", |state: &State, value: &Value| {
        expect_undefined(state, value);
        value.is_undefined()
    });
    for name in ASKING_FILTERS {
        env.add_filter(*name, move |state: &State, args: Rest<Value>| asking(state, name, &args));
    }
    for name in GROWING_FILTERS {
        env.add_filter(*name, move |state: &State, args: Rest<Value>| growing(state, name, &args));
    }
    env
}

/// The engine's own filters, for the wrappers above.
static BUILTIN: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env
});

fn default(state: &State, value: &Value, args: Rest<Value>) -> Result<Value, Error> {
    expect_undefined(state, value);
    minijinja::filters::default(state, value, args)
}

fn expect_undefined(state: &State, value: &Value) {
    if value.is_undefined()
        && let Some(misses) = context::misses_of(state)
    {
        misses.forget_last();
    }
}

fn asking(state: &State, name: &str, args: &[Value]) -> Result<Value, Error> {
    let misses = context::misses_of(state);
    let mark = misses.as_ref().map(|misses| misses.mark());
    let value = BUILTIN.empty_state().apply_filter(name, args);
    if let (Some(misses), Some(mark)) = (misses, mark) {
        misses.forget_since(mark);
    }
    value
}

fn growing(state: &State, name: &str, args: &[Value]) -> Result<Value, Error> {
    guard_growth(args)?;
    let _ = state;
    BUILTIN.empty_state().apply_filter(name, args)
}

/// Refuses arguments whose combination could make more than `MAX_TEXT`.
fn guard_growth(args: &[Value]) -> Result<(), Error> {
    let size = |value: &Value| match value.kind() {
        ValueKind::String => value.as_str().map_or(0, str::len),
        ValueKind::Number => usize::try_from(value.clone()).unwrap_or(0),
        ValueKind::Seq | ValueKind::Map => value.len().unwrap_or(0),
        _ => 0,
    };
    let product = args.iter().map(|arg| size(arg).max(1)).fold(1usize, usize::saturating_mul);
    let longest = args.iter().map(size).max().unwrap_or(0);
    // Text a filter only passes on is as long as its longest argument; only a product can grow.
    if longest > MAX_TEXT || (product > MAX_TEXT * 64 && longest > 1 << 16) {
        return Err(Error::new(ErrorKind::InvalidOperation, format!("the text would be larger than {MAX_TEXT} bytes")));
    }
    Ok(())
}

fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    if matches!(name, "replace" | "join" | "format") {
        guard_growth(args)?;
    }
    let misses = context::misses_of(state);
    let mark = misses.as_ref().map(|misses| misses.mark());
    let found = minijinja_contrib::pycompat::unknown_method_callback(state, value, name, args);
    if let (Some(misses), Some(mark)) = (misses, mark) {
        misses.forget_since(mark);
    }
    found
}
