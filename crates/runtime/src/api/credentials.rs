//! Stored credentials: set, listed, deleted, sealed anew. No answer has a value, and none is logged.

use super::{Api, from_store};
use protocol::{
    Action, Problem,
    api::{CredentialSummary, Rotated, SetCredential},
};
use serde_json::{Map, Value};

/// Largest value, bytes of its JSON.
const VALUE_BYTES: usize = 64 * 1024;
/// Longest name, kind and hint.
const NAME: usize = 100;
const HINT: usize = 200;

impl Api {
    /// Stores a credential, or another value under its name; true when the name is new.
    ///
    /// # Errors
    /// 422 `credential_invalid`; 500 `credential_key` when there is no key to seal it with.
    pub async fn set_credential(
        &self,
        name: &str,
        request: SetCredential,
    ) -> Result<(CredentialSummary, bool), Problem> {
        self.require(Action::Administer)?;
        check_name(name)?;
        let kind = request.kind.trim();
        check_kind(kind)?;
        let hint = request.hint.map(|hint| hint.trim().to_owned()).filter(|hint| !hint.is_empty());
        if hint.as_ref().is_some_and(|hint| hint.chars().count() > HINT || hint.chars().any(char::is_control)) {
            return Err(invalid(format!("`hint` must be one line of at most {HINT} characters")));
        }
        let value = fields(request.value, kind)?;
        let sealed = self.shared.vault.seal(name, kind, &value, hint)?;
        let is_new =
            self.shared.store.put_credential(sealed, self.shared.environment.now()).await.map_err(from_store)?;
        let summary = self.credentials().await?.into_iter().find(|summary| summary.name == name);
        let deleted = || Problem::not_found("credential", name, "it was set, and deleted by somebody at once");
        Ok((summary.ok_or_else(deleted)?, is_new))
    }

    /// All, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn credentials(&self) -> Result<Vec<CredentialSummary>, Problem> {
        self.require(Action::Administer)?;
        let rows = self.shared.store.credentials().await.map_err(from_store)?;
        let keys = if rows.is_empty() { Vec::new() } else { self.shared.vault.key_ids() };
        let summary = |row: store::CredentialRow| CredentialSummary {
            has_key: keys.contains(&row.key_id),
            name: row.name,
            kind: row.kind,
            hint: row.hint,
            key_id: row.key_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Deletes a credential: steps that name it fail from now on.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn delete_credential(&self, name: &str) -> Result<(), Problem> {
        self.require(Action::Administer)?;
        if self.shared.store.delete_credential(name).await.map_err(from_store)? {
            return Ok(());
        }
        Err(Problem::not_found("credential", name, "look in the list of credentials"))
    }

    /// Seals every credential with a new key, which takes the old one's place in the key file.
    ///
    /// # Errors
    /// When the key file cannot be written or a credential does not open; everything still opens then, and trying
    /// again goes on where this ended.
    pub async fn rotate_credentials(&self) -> Result<Rotated, Problem> {
        self.require(Action::Administer)?;
        self.shared.vault.rotate(&self.shared.store).await
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let is_good = name.len() <= NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if is_good {
        return Ok(());
    }
    Err(invalid(format!(
        "a credential's name has up to {NAME} letters, digits, `_`, `-`, `.`, and begins with a letter or digit"
    )))
}

fn check_kind(kind: &str) -> Result<(), Problem> {
    let is_good = !kind.is_empty()
        && kind.len() <= NAME
        && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte));
    if is_good {
        return Ok(());
    }
    Err(invalid(
        "`type` must be a word in lower case, such as postgres, bearer, basic, header, api_key, generic".into(),
    ))
}

/// The fields with their type, which is part of what is sealed. No message repeats a field's value.
fn fields(value: Value, kind: &str) -> Result<Value, Problem> {
    let Value::Object(given) = value else {
        return Err(invalid("`value` must be an object with the credential's fields, such as {\"token\": …}".into()));
    };
    let mut map = Map::new();
    map.insert("type".to_owned(), Value::String(kind.to_owned()));
    for (field, value) in given {
        match field.as_str() {
            "type" if value.as_str() == Some(kind) => {}
            "type" => return Err(invalid(format!("`value` has another `type` than {kind}; leave it out"))),
            _ => {
                map.insert(field, value);
            }
        }
    }
    if map.len() == 1 {
        return Err(invalid("`value` has no fields".into()));
    }
    let bytes = Value::Object(map.clone()).to_string().len();
    if bytes > VALUE_BYTES {
        return Err(invalid(format!("`value` has {bytes} bytes, the limit is {VALUE_BYTES}")));
    }
    Ok(Value::Object(map))
}

fn invalid(detail: String) -> Problem {
    Problem::new(422, "credential_invalid", "Credential invalid", detail)
}
