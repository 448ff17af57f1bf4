//! `type: iterator`: one task for each item of a collection.

use super::{
    model::{Action, Condition},
    save::Save,
    template::Template,
};
use protocol::event::IteratorMode;

#[derive(Debug)]
pub(crate) struct Iterate {
    /// Renders to a list.
    pub(crate) collection: Template,
    /// The name under which expressions see an item.
    pub(crate) element: String,
    pub(crate) mode: IteratorMode,
    /// Items at once when the mode is async; renders to a number.
    pub(crate) concurrency: Option<Template>,
    /// Expressions know `index` besides `_loop.index`.
    pub(crate) enumerate: bool,
    /// Items for which it does not hold are left out.
    pub(crate) filter: Option<Condition>,
    /// The key that items are sorted by.
    pub(crate) order_by: Option<Condition>,
    /// At most so many items, of those that are left; renders to a number.
    pub(crate) limit: Option<Template>,
    /// So many make up one item; renders to a number.
    pub(crate) chunk: Option<Template>,
    pub(crate) task: Action,
    /// The item's own inputs; renders to a map. Without them and without defaults, the item is its input.
    pub(crate) data: Option<Template>,
    /// Of each item.
    pub(crate) save: Option<Save>,
    /// An item that fails fails the step; otherwise its error stands in its place.
    pub(crate) is_strict: bool,
    /// What the step itself asserts.
    pub(crate) expects: Vec<String>,
    pub(crate) returns: Vec<String>,
}

/// Items at once unless told.
pub(crate) const CONCURRENCY: u32 = 8;
/// Most items of one visit: each is a task, and they are in memory with what they come to.
pub(crate) const MAX_ITEMS: usize = 100_000;
