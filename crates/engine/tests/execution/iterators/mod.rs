//! `type: iterator`: a task for each item.

mod collection;
mod items;
mod running;
mod support;
