//! The items of an iterator, settled when it begins: filter, order, limit, chunks.

use super::{data, template_error, turn::Turn};
use crate::{
    context::Scope,
    playbook::{CONCURRENCY, Condition, Iterate, MAX_ITEMS, Template, Work, is_true},
};
use protocol::{TaskError, TaskKey, event::IteratorMode};
use serde_json::{Map, Value, json};
use std::{cmp::Ordering, sync::Arc};

impl Turn<'_> {
    /// The items, a list, and how many of them at once.
    pub(super) fn plan(
        &self,
        index: usize,
        iterate: &Iterate,
        input: &Arc<Value>,
    ) -> Result<(Arc<Value>, u32), TaskError> {
        let scope = Scope::of(&self.state).with_data(input.clone());
        let concurrency = match iterate.mode {
            IteratorMode::Sequential => 1,
            IteratorMode::Async => {
                self.number(iterate.concurrency.as_ref(), "concurrency", &scope)?.unwrap_or(CONCURRENCY)
            }
        };
        let limit = self.number(iterate.limit.as_ref(), "limit", &scope)?;
        let chunk = self.number(iterate.chunk.as_ref(), "chunk", &scope)?;
        let mut items = list(self.render(&iterate.collection, &scope)?)?;
        if iterate.filter.is_some() || iterate.order_by.is_some() || limit.is_some() || chunk.is_some() {
            let mut kept = match Arc::unwrap_or_clone(items) {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            if let Some(filter) = &iterate.filter {
                let holds = self.for_each(index, iterate, filter, &kept, &scope)?;
                let mut holds = holds.iter().map(|value| is_true(value));
                kept.retain(|_| holds.next().unwrap_or_default());
            }
            if let Some(order_by) = &iterate.order_by {
                let keys = self.for_each(index, iterate, order_by, &kept, &scope)?;
                let mut sorted: Vec<(Arc<Value>, Value)> = keys.into_iter().zip(kept).collect();
                sorted.sort_by(|(a, _), (b, _)| compare(a, b));
                kept = sorted.into_iter().map(|(_, item)| item).collect();
            }
            if let Some(limit) = limit {
                kept.truncate(limit as usize);
            }
            if let Some(chunk) = chunk {
                kept = kept.chunks(chunk as usize).map(|batch| Value::Array(batch.to_vec())).collect();
            }
            items = Arc::new(Value::Array(kept));
        }
        let count = items.as_array().map_or(0, Vec::len);
        if count > MAX_ITEMS {
            let message = format!("`collection` has {count} items; the limit is {MAX_ITEMS}: use `limit` or `chunk`");
            return Err(TaskError::new("too_many_items", message));
        }
        Ok((items, concurrency))
    }

    /// The names that expressions know of one item besides the others.
    pub(super) fn names_of_item(
        &self,
        index: usize,
        iterate: &Iterate,
        item: &Value,
        number: u32,
        count: u32,
    ) -> Value {
        let mut names = Map::new();
        names.insert(self.playbook.step(index).name.to_string(), json!({ "result_index": number }));
        let of_loop = json!({ "index": number, "current_index": number, "item": item, "count": count });
        names.insert("_loop".to_owned(), of_loop);
        if iterate.enumerate {
            names.insert("index".to_owned(), json!(number));
        }
        if iterate.chunk.is_some() {
            names.insert("batch".to_owned(), item.clone());
        }
        names.insert(iterate.element.clone(), item.clone());
        Value::Object(names)
    }

    pub(super) fn names_of(&self, index: usize, key: &TaskKey, item: u32) -> Option<Value> {
        let Work::Iterator(iterate) = &self.playbook.step(index).work else { return None };
        let iteration = self.state.iteration(&key.step, key.visit)?;
        Some(self.names_of_item(index, iterate, iteration.item(item)?, item, iteration.count()))
    }

    /// What an item runs on: a workbook entry's defaults, over them its own data; without either, the item itself.
    pub(super) fn input_of_item(
        &self,
        index: usize,
        key: &TaskKey,
        item: u32,
        scope: &Scope,
    ) -> Result<Arc<Value>, TaskError> {
        let Work::Iterator(iterate) = &self.playbook.step(index).work else { return Ok(Arc::default()) };
        let own = [iterate.task.defaults.as_ref(), iterate.data.as_ref()].into_iter().flatten();
        let mut input = Map::new();
        let mut is_own = false;
        for template in own {
            let layer = data::map(template, self.playbook, scope).map_err(|error| template_error(&error))?;
            input.extend(layer.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
            is_own = true;
        }
        if !is_own && let Some(Value::Object(names)) = self.names_of(index, key, item) {
            let is_told = |name: &str| name == iterate.element || name == "index" || name == "batch";
            input.extend(names.into_iter().filter(|(name, _)| is_told(name)));
            // Functions of one parameter often call it that.
            if iterate.task.protocol == "python" {
                let value = input.get(&iterate.element).cloned().unwrap_or_default();
                input.entry("value").or_insert(value);
            }
        }
        if let Some(name) = iterate.task.expects.iter().find(|name| !input.contains_key(name.as_str())) {
            let message = format!("`assert.expects`: the input has no `{name}`");
            return Err(TaskError::new("assert_expects", message));
        }
        Ok(Arc::new(Value::Object(input)))
    }

    /// The value of an expression for each of the items.
    fn for_each(
        &self,
        index: usize,
        iterate: &Iterate,
        expression: &Condition,
        items: &[Value],
        scope: &Scope,
    ) -> Result<Vec<Arc<Value>>, TaskError> {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let around = scope.clone().with_parent(scope.clone());
        (0..count)
            .zip(items)
            .map(|(number, item)| {
                let names = self.names_of_item(index, iterate, item, number, count);
                self.render(&expression.template, &around.clone().with_data(Arc::new(names)))
            })
            .collect()
    }

    fn number(&self, template: Option<&Template>, name: &str, scope: &Scope) -> Result<Option<u32>, TaskError> {
        let Some(template) = template else { return Ok(None) };
        let value = self.render(template, scope)?;
        if value.is_null() {
            return Ok(None);
        }
        // What a template makes of a number may be text.
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        let least = u64::from(name != "limit");
        let number = number.filter(|number| *number >= least);
        let number = number.map(|number| u32::try_from(number).unwrap_or(u32::MAX));
        let wrong = || bad(format!("`{name}` came to {value}; it must be a whole number from {least}"));
        number.ok_or_else(wrong).map(Some)
    }

    fn render(&self, template: &Template, scope: &Scope) -> Result<Arc<Value>, TaskError> {
        template.render(self.playbook.texts(), scope).map_err(|error| template_error(&error))
    }
}

/// The collection as a list: one, the text of one, or a map, whose entries are `{key, value}`.
fn list(collection: Arc<Value>) -> Result<Arc<Value>, TaskError> {
    let kind = match &*collection {
        Value::Array(_) => return Ok(collection),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| json!({ "key": key, "value": value }));
            return Ok(Arc::new(entries.collect()));
        }
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(items)) => return Ok(Arc::new(Value::Array(items))),
            _ => "text",
        },
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
    };
    Err(bad(format!("`collection` came to {kind}; it must be a list")))
}

/// An order of all values: nothing, booleans, numbers, text, lists, maps; the latter two by their text.
fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let unequal = a.iter().zip(b).map(|(a, b)| compare(a, b)).find(|order| order.is_ne());
            unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Object(_), Value::Object(_)) => a.to_string().cmp(&b.to_string()),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn bad(what: String) -> TaskError {
    TaskError::new("bad_config", what)
}
