//! Values that are too large for an event: it holds a reference instead.

use serde_json::{Value, json};

/// The key that makes a reference, alone in its object.
const KEY: &str = "$blob";

/// Which value, and how large it is as JSON. In an event: `{"$blob": {"id": …, "bytes": …}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRef {
    /// SHA-256 of the value's JSON, hex.
    pub id: String,
    pub bytes: u64,
}

impl BlobRef {
    pub fn value(&self) -> Value {
        json!({ KEY: { "id": self.id, "bytes": self.bytes } })
    }

    /// The reference a value is, if it is one. An action may return a value that looks like one: only a store
    /// knows whether there is a value under the id.
    pub fn of(value: &Value) -> Option<Self> {
        let outer = value.as_object().filter(|object| object.len() == 1)?;
        let inner = outer.get(KEY)?.as_object().filter(|object| object.len() == 2)?;
        let id = inner.get("id")?.as_str()?;
        let is_hash = id.len() == 64 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let bytes = inner.get("bytes")?.as_u64()?;
        is_hash.then(|| Self { id: id.to_owned(), bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_told_from_other_values() {
        let id = "0123456789abcdef".repeat(4);
        let blob = BlobRef { id: id.clone(), bytes: 300_000 };
        assert_eq!(BlobRef::of(&blob.value()), Some(blob));
        for value in [
            json!(null),
            json!({}),
            json!({"$blob": id}),
            json!({"$blob": {"id": id}}),
            json!({"$blob": {"id": "ABC", "bytes": 1}}),
            json!({"$blob": {"id": id, "bytes": -1}}),
            json!({"$blob": {"id": id, "bytes": 1, "more": 1}}),
            json!({"$blob": {"id": id, "bytes": 1}, "more": 1}),
        ] {
            assert_eq!(BlobRef::of(&value), None, "{value}");
        }
    }
}
