//! Users, sessions, tokens.

use super::{Backend, sample::T0};
use crate::{NewSession, NewToken, NewUser, Store, TokenAdded};
use protocol::{Identity, Role, Timestamp, access::CredentialId};
use std::{collections::BTreeSet, sync::Arc};

const PASSWORD: &str = "$argon2id$…";

fn later(ms: i64) -> Timestamp {
    Timestamp(T0.0 + ms)
}

fn user(name: &str, role: Role) -> NewUser {
    NewUser { name: name.to_owned(), role, password: PASSWORD.to_owned() }
}

fn session(id: &str, user: &str, expires_at: Timestamp) -> NewSession {
    NewSession { id: id.to_owned(), secret_hash: format!("hash {id}"), user_name: user.to_owned(), expires_at }
}

fn token(name: &str, owner: &str, expires_at: Option<Timestamp>) -> NewToken {
    NewToken {
        id: format!("id {name}"),
        name: name.to_owned(),
        secret_hash: format!("hash {name}"),
        prefix: "sbx_ab".to_owned(),
        role: Role::Component,
        protocols: Some(vec!["python".to_owned(), "ü\"".to_owned()]),
        owner: owner.to_owned(),
        expires_at,
    }
}

async fn names(store: &Arc<dyn Store>) -> Vec<String> {
    store.tokens(None).await.expect("a list").into_iter().map(|token| token.name).collect()
}

/// Of many that add a user of one name, one does.
pub async fn a_users_name_is_theirs(backend: &dyn Backend) {
    let store = backend.open().await;
    let each = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.add_user(user("ann é'", Role::Admin), T0).await.expect("an answer") })
    });
    let added =
        futures::future::join_all(each).await.into_iter().filter(|added| *added.as_ref().expect("ended")).count();
    assert_eq!(added, 1);
    assert!(store.add_user(user("bob", Role::Viewer), later(1)).await.expect("added"));
    let listed: Vec<_> =
        store.users().await.expect("a list").into_iter().map(|user| (user.name, user.role, user.created_at)).collect();
    assert_eq!(listed, [("ann é'".to_owned(), Role::Admin, T0), ("bob".to_owned(), Role::Viewer, later(1))]);
    assert_eq!(store.user_password("bob").await.expect("a read"), Some((Role::Viewer, PASSWORD.to_owned())));
    assert_eq!(store.user_password("eve").await.expect("a read"), None);
    assert!(!format!("{:?}", user("a", Role::Viewer)).contains("argon2"));
}

/// A session lets in until it ends, by time, by signing out, with a new password or with its user.
pub async fn a_session_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    assert!(!store.add_session(session("s", "ann", later(10)), PASSWORD, T0).await.expect("an answer"), "no such user");
    store.add_user(user("ann", Role::Operator), T0).await.expect("added");
    for id in ["out", "time", "password"] {
        assert!(store.add_session(session(id, "ann", later(10)), PASSWORD, T0).await.expect("signed in"));
    }
    let who = store.session("hash time", later(9)).await.expect("a read").expect("signed in");
    let credential = CredentialId::Session("time".to_owned());
    let expected = Identity {
        subject: "user:ann".to_owned(),
        name: "ann".to_owned(),
        role: Role::Operator,
        credential: credential.clone(),
        expires_at: Some(later(10)),
        protocols: None,
    };
    assert_eq!(who, expected);
    assert_eq!(store.session("hash time", later(10)).await.expect("a read"), None, "its time is over");
    let asked: BTreeSet<_> = ["out", "time", "no"].map(|id| CredentialId::Session(id.to_owned())).into();
    let asked = asked.into_iter().chain([CredentialId::Jwt]).collect();
    assert!(store.end_session("out").await.expect("signed out") && !store.end_session("out").await.expect("an answer"));
    assert_eq!(
        store.credentials_alive(&asked, later(9)).await.expect("a list"),
        [credential, CredentialId::Jwt].into()
    );
    let set = async |name: &str, in_place_of: Option<&str>| {
        store.set_user_password(name, "other", in_place_of, later(5)).await.expect("an answer")
    };
    assert!(!set("ann", Some("not it")).await && !set("eve", None).await);
    assert!(store.session("hash password", later(6)).await.expect("a read").is_some(), "nothing was set");
    assert!(set("ann", Some(PASSWORD)).await && !set("ann", Some(PASSWORD)).await && set("ann", None).await);
    assert_eq!(store.session("hash password", later(6)).await.expect("a read"), None, "another password");
    assert_eq!(store.users().await.expect("a list")[0].updated_at, later(5));
    let late = store.add_session(session("late", "ann", later(10)), PASSWORD, later(6)).await;
    assert!(!late.expect("an answer"), "the password that was found right is no more");
    assert!(store.add_session(session("last", "ann", later(10)), "other", later(6)).await.expect("signed in"));
    assert!(store.remove_user("ann", "user:ann").await.expect("removed"));
    assert_eq!(store.session("hash last", later(7)).await.expect("a read"), None, "the user is gone");
}

/// A further session ends the oldest of too many.
pub async fn sessions_of_a_user_are_bounded(backend: &dyn Backend) {
    let store = backend.open().await;
    store.add_user(user("ann", Role::Viewer), T0).await.expect("added");
    for number in 0..25 {
        let new = session(&format!("{number:02}"), "ann", later(1_000));
        assert!(store.add_session(new, PASSWORD, later(number)).await.expect("signed in"));
    }
    let mut alive = Vec::new();
    for number in 0..25 {
        if store.session(&format!("hash {number:02}"), later(30)).await.expect("a read").is_some() {
            alive.push(number);
        }
    }
    assert_eq!(alive, (5..25).collect::<Vec<i64>>());
}

/// A token lets in until it expires, is taken back, or its owner goes.
pub async fn a_token_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    for (name, owner, expires_at) in [("ci", "ann", None), ("gpu", "bob", Some(later(10)))] {
        let new = token(name, &Identity::user_subject(owner), expires_at);
        assert_eq!(store.add_token(new.clone(), T0).await.expect("an answer"), TokenAdded::OwnerGone);
        assert!(store.add_user(user(owner, Role::Admin), T0).await.expect("added"));
        assert_eq!(store.add_token(new.clone(), T0).await.expect("made"), TokenAdded::Added);
        assert_eq!(store.add_token(new, T0).await.expect("an answer"), TokenAdded::NameTaken);
    }
    for owner in ["local", "token:ci", "jwt:https://issuer.test user:eve"] {
        let new = token("others", owner, None);
        assert_eq!(store.add_token(new, T0).await.expect("made"), TokenAdded::Added, "{owner} is no user");
        assert!(store.revoke_token("others", None).await.expect("taken back"));
    }
    let (who, used_at) = store.token("hash gpu", later(9)).await.expect("a read").expect("it lets in");
    assert_eq!((who.subject.as_str(), who.role, used_at), ("token:gpu", Role::Component, None));
    assert_eq!(who.protocols, Some(vec!["python".to_owned(), "ü\"".to_owned()]));
    assert_eq!(store.token("hash gpu", later(10)).await.expect("a read"), None, "its time is over");
    assert_eq!(store.token("hash eve", later(9)).await.expect("a read"), None);
    for (hash, now, expect) in [
        ("hash gpu", later(10), true),
        ("hash gpu", later(9), false),
        ("hash ci", later(10), false),
        ("hash eve", later(10), false),
    ] {
        let has_expired = store.has_expired_token(hash, now).await.expect("a read");
        assert_eq!(has_expired, expect, "{hash} at {now:?}");
    }
    for (now, used) in [(later(3), later(3)), (later(2), later(3))] {
        store.token_used("id ci", now).await.expect("noted");
        let (_, used_at) = store.token("hash ci", later(9)).await.expect("a read").expect("it lets in");
        assert_eq!(used_at, Some(used));
    }
    let asked: BTreeSet<_> = ["id ci", "id gpu"].map(|id| CredentialId::Token(id.to_owned())).into();
    let alive = store.credentials_alive(&asked, later(10)).await.expect("a list");
    assert_eq!(alive, [CredentialId::Token("id ci".to_owned())].into());

    assert_eq!(names(&store).await, ["ci", "gpu"]);
    assert_eq!(store.tokens(Some("user:ann")).await.expect("a list").len(), 1);
    assert!(!store.revoke_token("gpu", Some("user:ann")).await.expect("an answer"), "not hers");
    assert!(store.revoke_token("id gpu", Some("user:bob")).await.expect("taken back"));
    assert!(store.remove_user("ann", "user:ann").await.expect("removed"));
    assert_eq!(names(&store).await, [""; 0]);
}

/// Whatever comes at the same time: who was taken away has no token and no session, and of who changed their password
/// nobody is signed in with the one before.
pub async fn what_overlaps_a_removal_does_not_survive_it(backend: &dyn Backend) {
    let store = backend.open().await;
    for round in 0..12 {
        for name in ["gone", "changed"] {
            assert!(store.add_user(user(name, Role::Operator), T0).await.expect("added"));
        }
        let tokens = (0..4).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let new = token(&format!("{round} {number}"), "user:gone", None);
                store.add_token(new, T0).await.map(|_| ())
            })
        });
        let sessions = ["gone", "changed"].into_iter().flat_map(|name| (0..4).map(move |number| (name, number)));
        let sessions = sessions.map(|(name, number)| {
            let store = store.clone();
            let new = session(&format!("{name} {number}"), name, later(1_000));
            tokio::spawn(async move { store.add_session(new, PASSWORD, T0).await.map(|_| ()) })
        });
        let (removing, changing) = (store.clone(), store.clone());
        let ends = [
            tokio::spawn(async move { removing.remove_user("gone", "user:gone").await.map(|gone| assert!(gone)) }),
            tokio::spawn(async move {
                changing.set_user_password("changed", "other", None, later(1)).await.map(|set| assert!(set))
            }),
        ];
        for done in futures::future::join_all(tokens.chain(sessions).chain(ends)).await {
            done.expect("it does not panic").expect("an answer");
        }
        assert_eq!(names(&store).await, [""; 0], "round {round}");
        for (name, number) in ["gone", "changed"].into_iter().flat_map(|name| (0..4).map(move |number| (name, number)))
        {
            let found = store.session(&format!("hash {name} {number}"), later(2)).await.expect("a read");
            assert_eq!(found, None, "round {round}");
        }
        assert!(store.remove_user("changed", "user:changed").await.expect("removed"));
    }
}
