//! Stored credentials.

use super::{json, read, unknown};
use crate::Api;
use protocol::{Problem, api::SetCredential};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] = &["credentials", "set_credential", "delete_credential", "rotate_credentials"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

/// The fields of [`SetCredential`], with the name.
#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    credential: SetCredential,
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "credentials" => json(api.credentials().await?),
        "set_credential" => {
            let Named { name, credential } = read(params)?;
            json(api.set_credential(&name, credential).await?.0)
        }
        "delete_credential" => json(api.delete_credential(&read::<Name>(params)?.name).await?),
        "rotate_credentials" => json(api.rotate_credentials().await?),
        _ => Err(unknown(method)),
    }
}
