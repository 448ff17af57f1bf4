//! The names an expression can use.

use super::{failure, json, misses, misses::Misses, step_result};
use crate::Execution;
use minijinja::value::{Object, Value};
use protocol::TaskError;
use serde_json::Value as Json;
use std::{collections::HashSet, sync::Arc, sync::LazyLock};

/// Names the template engine itself provides; asking the scope for one of them is no miss.
pub(crate) static GLOBALS: LazyLock<HashSet<String>> =
    LazyLock::new(|| crate::playbook::environment().globals().map(|(name, _)| name.to_owned()).collect());

/// Builds the context of one evaluation. Names are looked up in this order: the data at hand (of an item, of arcs and
/// of the step itself), then `workload` (also `work`, `context`), `execution_id`, `result`, `this`, `error`, then steps.
#[derive(Clone)]
pub(crate) struct Scope {
    execution: Arc<Execution>,
    /// Maps whose keys are names; the last one goes first.
    data: Vec<Arc<Json>>,
    /// What `parent` is for an item: the names around it.
    parent: Option<Arc<Scope>>,
    result: Option<Arc<Json>>,
    this: Option<Arc<Json>>,
    /// The step whose visit this is, and what the visit came to: the step's result may be another visit's.
    own: Option<(Arc<str>, Arc<Json>)>,
    error: Option<Arc<Json>>,
    /// There is no execution (yet).
    is_outside: bool,
    /// Instead of `error`, for an attempt that may be made again.
    failure: Option<Value>,
    /// `data` is the data of `this`.
    is_save: bool,
}

impl Scope {
    /// The names known after the events so far; `result` is that of the step that finished last.
    pub(crate) fn of(execution: &Execution) -> Self {
        let result = execution.last_result().cloned();
        Self {
            execution: Arc::new(execution.clone()),
            data: Vec::new(),
            parent: None,
            result,
            this: None,
            own: None,
            error: None,
            is_outside: false,
            failure: None,
            is_save: false,
        }
    }

    /// Of what stands outside of the workflow: the names are the keys of `data`, and no others.
    pub(crate) fn outside(data: Arc<Json>) -> Self {
        let nobody = Execution::new(protocol::ExecutionId(Default::default()));
        Self { is_outside: true, ..Self::of(&nobody).with_data(data) }
    }

    /// Another result than that of the step that finished last.
    pub(crate) fn with_last(mut self, result: Option<Arc<Json>>) -> Self {
        self.result = result;
        self
    }

    /// Data over that which is there.
    pub(crate) fn with_data(mut self, data: Arc<Json>) -> Self {
        self.data.push(data);
        self
    }

    pub(crate) fn with_parent(mut self, parent: Scope) -> Self {
        self.parent = Some(Arc::new(parent));
        self
    }

    /// For what is saved of a result: `this`, and `data` for the data in it.
    pub(crate) fn saving(self, result: Arc<Json>) -> Self {
        self.with_result(Some(result)).of_save()
    }

    /// `data` is the data in what `this` is.
    pub(crate) fn of_save(self) -> Self {
        Self { is_save: true, ..self }
    }

    /// The step whose arcs or save are evaluated: its result is `result` and `this`.
    pub(crate) fn with_result(mut self, result: Option<Arc<Json>>) -> Self {
        self.this.clone_from(&result);
        self.result = result;
        self
    }

    /// As [`Scope::with_result`], of a visit that is over or is saved: by the name of its step, too.
    pub(crate) fn of_visit(self, step: &Arc<str>, result: Option<Arc<Json>>) -> Self {
        let own = result.clone().map(|result| (step.clone(), result));
        Self { own, ..self.with_result(result) }
    }

    /// The failure of an attempt, as the conditions of a retry see it; `none` when it did not fail.
    pub(crate) fn with_failure(mut self, error: Option<&TaskError>) -> Self {
        self.failure = Some(error.map_or_else(|| Value::from(()), failure::value));
        self
    }

    pub(crate) fn with_error(mut self, error: Arc<Json>) -> Self {
        self.error = Some(error);
        self
    }

    /// The context for one evaluation, with the notes it will make.
    pub(crate) fn context(&self) -> (Value, Arc<Misses>) {
        let misses = Arc::new(Misses::default());
        (Value::from_object(Root { scope: self.clone(), misses: misses.clone() }), misses)
    }
}

struct Root {
    scope: Scope,
    misses: Arc<Misses>,
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("context")
    }
}

impl Root {
    fn find(&self, name: &str) -> Option<Value> {
        let scope = &self.scope;
        // Of an attempt, these are what it came to, whatever the data at hand has.
        let is_of_attempt = scope.failure.is_some() && matches!(name, "error" | "result");
        let mut data = scope.data.iter().rev().filter(|_| !is_of_attempt);
        if let Some(data) = data.find(|data| data.get(name).is_some()) {
            return json::lookup(data, vec![json::Token::Key(name.into())], &"".into(), &self.misses);
        }
        let plain = |json: &Arc<Json>| json::lookup(json, Vec::new(), &name.into(), &self.misses);
        let result = |json: &Arc<Json>| step_result::value(json, &name.into(), &self.misses);
        match name {
            "workload" | "work" | "context" => scope.execution.workload().and_then(plain),
            "execution_id" if scope.is_outside => None,
            "execution_id" => Some(Value::from(scope.execution.id().to_string())),
            "result" => scope.result.as_ref().map(result),
            "this" => scope.this.as_ref().map(result),
            "data" if scope.is_save => scope
                .this
                .as_ref()
                .and_then(|this| result(this).get_attr("data").ok())
                .filter(|data| !data.is_undefined()),
            "parent" if scope.parent.is_some() => scope
                .parent
                .as_ref()
                .map(|parent| Value::from_object(Root { scope: (**parent).clone(), misses: self.misses.clone() })),
            "error" if scope.failure.is_some() => scope.failure.clone(),
            "error" => scope.error.as_ref().and_then(plain),
            step => match &scope.own {
                Some((own, value)) if **own == *step => Some(result(value)),
                _ => scope.execution.step_result(step).map(result),
            },
        }
    }
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if name == misses::NAME {
            return Some(misses::value(&self.misses));
        }
        let found = self.find(name);
        if found.is_none() && !GLOBALS.contains(name) {
            self.misses.note(name.to_owned());
        }
        found
    }
}
