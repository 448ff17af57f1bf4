//! Who may come in. Signing in is not among them: a socket proves who it is with `authenticate`.

use super::{json, read, unknown};
use crate::Api;
use protocol::{
    Problem,
    api::{AddUser, CreateToken, SetPassword},
};
use serde::Deserialize;
use serde_json::Value;

pub(super) const METHODS: &[&str] =
    &["identity", "users", "add_user", "remove_user", "set_password", "tokens", "create_token", "revoke_token"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    password: SetPassword,
}

pub(super) async fn call(api: &Api, method: &str, params: Value) -> Result<Value, Problem> {
    match method {
        "identity" => json(api.who_am_i()),
        "users" => json(api.users().await?),
        "add_user" => json(api.add_user(read::<AddUser>(params)?).await?),
        "remove_user" => json(api.remove_user(&read::<Name>(params)?.name).await?),
        "set_password" => {
            let Named { name, password } = read(params)?;
            json(api.set_password(&name, password).await?)
        }
        "tokens" => json(api.tokens().await?),
        "create_token" => json(api.create_token(read::<CreateToken>(params)?).await?),
        "revoke_token" => json(api.revoke_token(&read::<Name>(params)?.name).await?),
        _ => Err(unknown(method)),
    }
}
