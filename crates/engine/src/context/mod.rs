//! What expressions see: values looked up when they are asked for, never converted as a whole.

mod failure;
mod json;
mod misses;
mod scope;
mod step_result;
mod to_json;

pub(crate) use misses::Misses;
pub(crate) use misses::of as misses_of;
pub(crate) use scope::Scope;
pub(crate) use step_result::flattened;
pub(crate) use step_result::has_field;
pub(crate) use to_json::to_json;
