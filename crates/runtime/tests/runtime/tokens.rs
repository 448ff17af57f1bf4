//! API tokens in the test's own time.

use crate::{clock::Clock, support::Bench};
use protocol::{
    Role,
    api::{AddUser, CreateToken, LogIn},
};
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

#[tokio::test]
async fn what_a_users_token_makes_goes_with_the_user() {
    let clock = Clock::at("2026-01-01T00:00:00Z");
    let store: Arc<dyn Store> = SqliteStore::in_memory().await.expect("a store");
    let bench = Bench::at(&clock, store).await;
    let api = bench.runtime.api();
    for name in ["ann", "bob"] {
        let password = "a long enough password".to_owned();
        api.add_user(AddUser { name: name.to_owned(), role: Role::Admin, password }).await.expect("added");
    }
    let request = LogIn { name: "ann".to_owned(), password: "a long enough password".to_owned() };
    let ann = api.log_in(request, "127.0.0.1").await.expect("ann").who;
    let token =
        |name: &str| CreateToken { name: name.to_owned(), role: Role::Admin, protocols: None, expires_in_days: None };
    let first = api.acting_as(Arc::new(ann)).create_token(token("first")).await.expect("made");
    let first = api.identify(&first.token).await.expect("readable").expect("it lets in");
    let second = api.acting_as(Arc::new(first.clone())).create_token(token("second")).await.expect("made");
    assert!(api.identify(&second.token).await.expect("readable").is_some());
    api.remove_user("ann").await.expect("removed");
    assert!(api.identify(&second.token).await.expect("readable").is_none(), "made by what ann made");
    let late = api.acting_as(Arc::new(first)).create_token(token("third")).await;
    assert_eq!(late.expect_err("revoked").status, 401);
}
