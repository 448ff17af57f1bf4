//! The template engine as this dialect uses it: strict names, bounded work, Python's methods.

use super::bounds;
use crate::context;
use minijinja::{
    Environment, Error, State, UndefinedBehavior, Value,
    value::{Rest, ValueOrKwargs},
};
use minijinja_contrib::pycompat::unknown_method_callback;
use std::sync::LazyLock;

/// Instructions one evaluation may take.
const FUEL: u64 = 1_000_000;
/// Nesting of calls within one evaluation.
const RECURSION: usize = 64;
/// Filters whose lookups by name are allowed to find nothing: `selectattr('done', 'defined')`.
const ASKING: &[&str] = &["map", "selectattr", "rejectattr", "groupby", "attr"];
/// Filters that can make much out of little, or out of much at once.
const GROWING: &[&str] = &[
    "replace", "join", "indent", "format", "batch", "slice", "tojson", "string", "pprint", "list", "sort", "sum",
    "unique", "reverse",
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = bounded();
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
    for name in ASKING {
        env.add_filter(*name, move |state: &State, args: Rest<ValueOrKwargs>| asking(state, name, &args.into_values()));
    }
    env
});

/// What the filters that take the names of filters apply them in.
static BOUNDED: LazyLock<Environment<'static>> = LazyLock::new(bounded);

/// The template engine's own filters.
static PLAIN: LazyLock<Environment<'static>> = LazyLock::new(strict);

pub(crate) fn environment() -> &'static Environment<'static> {
    &ENVIRONMENT
}

fn strict() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(RECURSION);
    env
}

fn bounded() -> Environment<'static> {
    let mut env = strict();
    env.set_unknown_method_callback(method);
    env.remove_global("debug");
    // A place that survives the turns of a loop would let text double with each of them.
    env.remove_global("namespace");
    env.add_filter("__must", bounds::must);
    env.add_filter("__times", bounds::times);
    env.add_filter("__number", bounds::number);
    env.add_filter("__sized", bounds::sized);
    for name in GROWING {
        env.add_filter(*name, move |args: Rest<ValueOrKwargs>| growing(name, &args.into_values()));
    }
    env
}

fn growing(name: &str, args: &[Value]) -> Result<Value, Error> {
    bounds::growth(name, args)?;
    PLAIN.empty_state().apply_filter(name, args)
}

fn asking(state: &State, name: &str, args: &[Value]) -> Result<Value, Error> {
    without_misses(state, || BOUNDED.empty_state().apply_filter(name, args))
}

fn method(state: &mut State, value: &Value, name: &str, args: &[Value]) -> Result<Value, Error> {
    let mut all = vec![value.clone()];
    all.extend_from_slice(args);
    if name == "join" {
        // `', '.join(list)`: the other way round than the filter.
        all.reverse();
    }
    if matches!(name, "join" | "replace" | "format") {
        bounds::growth(name, &all)?;
    }
    // `map.get(key)` may find nothing.
    let misses = context::misses_of(state);
    let mark = misses.as_ref().map(|misses| misses.mark());
    let found = unknown_method_callback(state, value, name, args);
    if let (Some(misses), Some(mark)) = (misses, mark) {
        misses.forget_since(mark);
    }
    found
}

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

fn without_misses<T>(state: &State, run: impl FnOnce() -> T) -> T {
    let misses = context::misses_of(state);
    let mark = misses.as_ref().map(|misses| misses.mark());
    let value = run();
    if let (Some(misses), Some(mark)) = (misses, mark) {
        misses.forget_since(mark);
    }
    value
}
