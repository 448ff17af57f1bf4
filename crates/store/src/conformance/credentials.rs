//! Sealed credentials.

use super::{Backend, sample::T0};
use crate::SealedCredential;
use protocol::Timestamp;

fn sealed(name: &str, value: &str) -> SealedCredential {
    SealedCredential {
        name: name.into(),
        kind: "postgres".into(),
        sealed: value.into(),
        key_id: "k1".into(),
        hint: Some("user@host".into()),
    }
}

/// By name, the newest value; lists say everything but the value.
pub async fn a_credential_is_kept_under_its_name(backend: &dyn Backend) {
    let store = backend.open().await;
    assert_eq!(store.credential("a").await.expect("a read"), None);
    let later = Timestamp(T0.0 + 5);
    for (name, value, now, is_new) in [("b", "1", T0, true), ("a é'", "2", T0, true), ("b", "3", later, false)] {
        assert_eq!(store.put_credential(sealed(name, value), now).await.expect("a write"), is_new, "{name}");
    }
    assert_eq!(store.credential("b").await.expect("a read"), Some(sealed("b", "3")));
    let listed = store.credentials().await.expect("a list");
    let times: Vec<_> = listed.iter().map(|row| (row.name.as_str(), row.created_at, row.updated_at)).collect();
    assert_eq!(times, [("a é'", T0, T0), ("b", T0, later)]);
    assert_eq!((listed[0].kind.as_str(), listed[0].hint.as_deref()), ("postgres", Some("user@host")));
    assert!(store.delete_credential("b").await.expect("a delete"));
    assert!(!store.delete_credential("b").await.expect("a delete"));
    assert_eq!(store.credentials().await.expect("a list").len(), 1);
    assert!(!format!("{:?}", sealed("a", "hidden")).contains("hidden"), "not in logs, though sealed");
}

/// Sealing anew never overwrites what was put meanwhile.
pub async fn resealing_yields_to_a_new_value(backend: &dyn Backend) {
    let store = backend.open().await;
    store.put_credential(sealed("a", "old"), T0).await.expect("a write");
    assert!(store.reseal_credential("a", "old", "old, other key", "k2").await.expect("an answer"));
    assert!(!store.reseal_credential("a", "old", "again", "k3").await.expect("an answer"));
    assert!(!store.reseal_credential("b", "old", "again", "k3").await.expect("an answer"));
    let found = store.credential("a").await.expect("a read").expect("it is there");
    assert_eq!((found.sealed.as_str(), found.key_id.as_str()), ("old, other key", "k2"));
    assert_eq!(store.credentials().await.expect("a list")[0].updated_at, T0);
}
