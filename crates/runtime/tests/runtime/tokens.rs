//! API tokens in the test's own time.

use crate::{clock::Clock, support::Bench};
use protocol::{Role, api::CreateToken};
use std::sync::Arc;
use store::{Store, sqlite::SqliteStore};

#[tokio::test]
async fn a_token_that_has_expired_is_told_from_one_that_is_nobodys() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store).await;
    let api = bench.runtime.api();
    let request = CreateToken { name: "ci".into(), role: Role::Viewer, protocols: None, expires_in_days: Some(1) };
    let made = api.create_token(request).await.expect("made");
    let refused = async |token: &str| api.identify(token).await.map_err(|problem| (problem.status, problem.code));

    clock.set("2026-01-01T23:59:59Z");
    assert_eq!(refused(&made.token).await.expect("known").expect("it lets in").name, "ci");
    clock.set("2026-01-02T00:00:00Z");
    assert_eq!(refused(&made.token).await, Err((401, "token_expired".to_owned())));
    assert_eq!(refused("sbx_nobodys").await, Ok(None));
    api.revoke_token("ci").await.expect("revoked");
    assert_eq!(refused(&made.token).await, Ok(None), "of what was revoked nothing is kept");
}
