//! What handlers take a request apart with. Each refuses with a problem that names the place.

mod accept;
mod caller;
mod json;
mod key;
mod media_type;
mod path;
mod query;
mod yaml;

pub(super) use accept::Asked;
pub(super) use accept::Format;
pub(super) use caller::Caller;
pub(super) use json::Json;
pub(super) use json::OptionalJson;
pub(super) use json::body;
pub(super) use key::IdempotencyKey;
pub(super) use path::ExecutionPath;
pub(super) use path::NamePath;
pub(super) use path::PlaybookPath;
pub(super) use path::StepPath;
pub(super) use query::NoQuery;
pub(super) use query::Query;
pub(super) use yaml::Yaml;
