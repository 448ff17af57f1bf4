//! The socket where everybody proves who they are.

use super::people::{EVERYBODY, jwt, refused, sign_in, token, trusted};
use crate::support::{Answer, TestServer};
use futures::{SinkExt, StreamExt};
use protocol::{Role, frame::close};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn socket(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<Socket, Error> {
    let mut request = format!("ws://{}/api/ws", server.address).into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let (mut socket, _) = connect_async(request).await?;
    assert_eq!(next(&mut socket).await.unwrap()["type"], "hello");
    Ok(socket)
}

/// The next frame, or the code of the close.
async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.expect("in time");
        match message {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn send(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

async fn ask(socket: &mut Socket, frame: Value) -> Value {
    send(socket, frame).await;
    next(socket).await.unwrap()
}

#[tokio::test]
async fn a_token_is_told_once_used_and_revoked_and_its_sockets_end() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let secret = token(&server, &admin, json!({"name": "ci", "role": "viewer", "expires_in_days": 7})).await;
    assert!(secret.starts_with("sbx_") && secret.len() == 47, "{secret}");
    Answer::of(server.get("/api/v1/playbooks").bearer_auth(&secret)).await.expect(200);
    let listed = Answer::of(server.get("/api/v1/tokens").header("cookie", &admin)).await;
    assert!(!listed.text().contains(&secret) && !listed.text().contains("hash"), "{}", listed.text());
    let listed = listed.expect(200);
    assert_eq!((&listed[0]["name"], &listed[0]["owner"]), (&json!("ci"), &json!("user:ann")));
    assert!(listed[0]["used_at"].is_i64() && listed[0]["expires_at"].is_i64(), "{listed}");

    let bearer = format!("Bearer {secret}");
    let mut by_header = socket(&server, &[("authorization", &bearer)]).await.unwrap();
    let mut by_frame = socket(&server, &[]).await.unwrap();
    let told = ask(&mut by_frame, json!({"type": "authenticate", "id": 1, "token": secret})).await;
    assert_eq!(
        (&told["type"], &told["name"], &told["role"]),
        (&json!("authenticated"), &json!("ci"), &json!("viewer"))
    );
    let mut by_cookie = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for socket in [&mut by_header, &mut by_frame, &mut by_cookie] {
        let subscribed = ask(socket, json!({"type": "subscribe", "topics": ["agent_states"]})).await;
        assert_eq!(subscribed["type"], "subscribed");
    }
    let refused = ask(&mut by_frame, json!({"type": "subscribe", "topics": ["events"]})).await;
    assert_eq!((&refused["type"], &refused["code"]), (&json!("error"), &json!("forbidden")));
    let run = json!({"type": "command", "id": 2, "method": "submit", "params": {"path": "tests/echo"}});
    assert_eq!(ask(&mut by_frame, run).await["code"], "forbidden");

    let revoke = server.client.delete(server.url("/api/v1/tokens/ci")).header("cookie", &admin);
    assert_eq!(Answer::of(revoke).await.status, 204);
    for socket in [&mut by_header, &mut by_frame] {
        assert_eq!(next(socket).await, Err(close::UNAUTHENTICATED));
    }
    assert_eq!(ask(&mut by_cookie, json!({"type": "ping"})).await["type"], "pong", "another's stays");
    Answer::of(server.get("/api/v1/playbooks").bearer_auth(&secret)).await.problem(401, "token_unknown");
}

#[tokio::test]
async fn sockets_are_refused_with_the_right_code_and_counted() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let before = refused(&server, &admin).await;

    let mut hasty = socket(&server, &[]).await.unwrap();
    let told = ask(&mut hasty, json!({"type": "subscribe", "topics": ["agent_states"]})).await;
    assert_eq!((told["code"].as_str(), next(&mut hasty).await), (Some("unauthenticated"), Err(close::UNAUTHENTICATED)));
    let mut wrong = socket(&server, &[]).await.unwrap();
    let told = ask(&mut wrong, json!({"type": "authenticate", "token": "sbx_nobodys"})).await;
    assert_eq!((told["code"].as_str(), next(&mut wrong).await), (Some("token_unknown"), Err(close::UNAUTHENTICATED)));

    let mut malformed = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for _ in 0..11 {
        send(&mut malformed, json!({"type": "dance"})).await;
    }
    let mut flooding = socket(&server, &[("cookie", &admin)]).await.unwrap();
    for _ in 0..400 {
        if flooding.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
            break;
        }
    }
    // Each error is counted, and the last one as the close it comes with.
    let mut told = [0, 0];
    for (index, socket, code) in [(0, &mut malformed, close::INVALID), (1, &mut flooding, close::FLOODING)] {
        let closed = loop {
            match next(socket).await {
                Ok(frame) => told[index] += u64::from(frame["type"] == "error"),
                Err(closed) => break closed,
            }
        };
        assert_eq!(closed, code);
    }
    let [invalid, too_fast] = told;
    assert!(invalid == 11 && too_fast > 50, "{told:?}");
    // At the upgrade already.
    let foreign = socket(&server, &[("cookie", &admin), ("origin", "http://evil.test")]).await.map(drop);
    assert!(matches!(&foreign, Err(Error::Http(response)) if response.status() == 403), "{foreign:?}");
    let rebound = socket(&server, &[("cookie", &admin), ("host", "evil.test")]).await.map(drop);
    assert!(matches!(&rebound, Err(Error::Http(response)) if response.status() == 403), "{rebound:?}");
    let unknown = socket(&server, &[("authorization", "Bearer sbx_nobodys")]).await.map(drop);
    assert!(matches!(&unknown, Err(Error::Http(response)) if response.status() == 401), "{unknown:?}");

    let after = refused(&server, &admin).await;
    let more = |reason: &str| after[reason].as_u64().unwrap() - before[reason].as_u64().unwrap();
    for (reason, count) in
        [("unauthenticated", 3), ("malformed", invalid), ("flooding", too_fast), ("origin", 1), ("host", 1)]
    {
        assert_eq!(more(reason), count, "{reason} in {after}");
    }
}

#[tokio::test]
async fn frames_that_are_refused_are_counted_though_the_connection_stays() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let (admin, viewer) = (sign_in(&server, "ann").await, sign_in(&server, "vera").await);
    let mut socket = socket(&server, &[("cookie", &viewer)]).await.unwrap();
    for (frame, code, reason, count) in [
        (json!({"type": "subscribe", "topics": ["events"]}), "forbidden", "forbidden", 1),
        (json!({"type": "command", "id": 1, "method": "submit", "params": {"path": "p"}}), "forbidden", "forbidden", 2),
        (json!({"type": "publish", "message": {"type": "agent_state"}}), "forbidden", "forbidden", 3),
        (json!({"type": "dance"}), "unknown_type", "malformed", 1),
    ] {
        assert_eq!(ask(&mut socket, frame.clone()).await["code"], code, "{frame}");
        let counted = refused(&server, &admin).await;
        assert_eq!(counted[reason], count, "{frame}: {counted}");
    }
    let metrics = Answer::of(server.get("/metrics").header("cookie", &admin)).await;
    assert!(metrics.text().contains("signalbox_refused_total{reason=\"forbidden\"} 3\n"), "{}", metrics.text());
}

#[tokio::test]
async fn a_socket_io_client_is_refused_and_counted_as_others_are() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let secret = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    let wrong = format!("40{}", json!({"token": "sbx_nobodys"}));
    let right = format!("40{}", json!({"token": secret}));
    let events = format!("420{}", json!(["subscribe", "events"]));
    // What it is told, and the last of that: the close of one that was told why is counted when that is written.
    for (said, told, last, counts) in [
        (vec!["40"], "\"unauthenticated\"", "44{", [1, 0, 0]),
        (vec![wrong.as_str()], "\"token_unknown\"", "\"closing\"", [2, 0, 0]),
        (vec!["4", "40"], "", "the end", [2, 1, 0]),
        (vec![events.as_str()], "", "the end", [2, 2, 0]),
        (vec![right.as_str(), events.as_str()], "\"forbidden\"", "\"forbidden\"", [2, 2, 1]),
    ] {
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket", server.address);
        let (mut client, _) = connect_async(url).await.unwrap();
        for packet in &said {
            client.send(Message::text(*packet)).await.unwrap();
        }
        let mut heard = String::new();
        while !heard.contains(last)
            && let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(60), client.next()).await
        {
            heard += message.to_text().unwrap_or_default();
        }
        assert!(heard.contains(told), "{said:?}: {heard}");
        let counted = refused(&server, &admin).await;
        let counted = ["unauthenticated", "malformed", "forbidden"].map(|reason| counted[reason].as_u64().unwrap());
        assert_eq!(counted, counts, "{said:?}: {heard}");
    }
}

#[tokio::test]
async fn a_jwt_is_refreshed_in_place_and_its_connection_never_outlives_it() {
    let server = TestServer::start_guarded(&[("ann", Role::Admin)], |config| {
        config.access.jwt = Some(trusted());
    })
    .await;
    let get = |token: &str| server.get("/api/v1/identity").bearer_auth(token);
    assert_eq!(Answer::of(get(&jwt("operator", "olga", 60))).await.expect(200)["name"], "olga");
    Answer::of(get(&jwt("operator", "olga", -60))).await.problem(401, "token_expired");
    Answer::of(get(&jwt("nothing", "olga", 60))).await.problem(403, "forbidden");

    // 30 s of leeway: this one ends in three seconds.
    let mut client = socket(&server, &[]).await.unwrap();
    send(&mut client, json!({"type": "authenticate", "token": jwt("admin", "olga", -27)})).await;
    assert_eq!(next(&mut client).await.unwrap()["role"], "admin");
    let subscribed = ask(&mut client, json!({"type": "subscribe", "topics": ["events", "system_alerts"]})).await;
    assert_eq!(subscribed["type"], "subscribed");
    let fresh = ask(&mut client, json!({"type": "authenticate", "id": "r", "token": jwt("viewer", "olga", -26)})).await;
    assert_eq!((&fresh["type"], &fresh["id"]), (&json!("authenticated"), &json!("r")));
    assert_eq!(next(&mut client).await.unwrap(), json!({"type": "unsubscribed", "topics": ["events"]}));
    let other = ask(&mut client, json!({"type": "authenticate", "token": jwt("viewer", "eve", 60)})).await;
    assert_eq!(other["code"], "identity_changed");
    assert_eq!(next(&mut client).await, Err(close::UNAUTHENTICATED), "by itself, when its time has come");

    // One that has ended is no other's: to begin with, and where another is due.
    let mut fresh = socket(&server, &[]).await.unwrap();
    send(&mut fresh, json!({"type": "authenticate", "token": jwt("viewer", "olga", 60)})).await;
    assert_eq!(next(&mut fresh).await.unwrap()["type"], "authenticated");
    for mut client in [socket(&server, &[]).await.unwrap(), fresh] {
        let told = ask(&mut client, json!({"type": "authenticate", "token": jwt("viewer", "olga", -60)})).await;
        assert_eq!(
            (told["code"].as_str(), next(&mut client).await),
            (Some("token_expired"), Err(close::UNAUTHENTICATED))
        );
    }

    let counted = refused(&server, &sign_in(&server, "ann").await).await;
    assert_eq!((&counted["expired"], &counted["unauthenticated"]), (&json!(4), &json!(0)), "{counted}");
    assert_eq!(counted["forbidden"], 2, "a role that is none, and another's token: {counted}");
}

#[tokio::test]
async fn what_follows_a_proof_in_the_same_message_waits_for_it_and_without_one_nothing_is_done() {
    let server = TestServer::start_guarded(&EVERYBODY, |_| ()).await;
    let admin = sign_in(&server, "ann").await;
    let secret = token(&server, &admin, json!({"name": "look", "role": "viewer"})).await;
    let proof = json!({"type": "authenticate", "id": 1, "token": secret}).to_string();
    let ping = r#"{"type":"ping","id":2}"#;
    let topics = r#"{"type":"subscribe","id":3,"topics":["events"]}"#;

    let mut socket = self::socket(&server, &[("sec-websocket-protocol", "signalbox.batch")]).await.unwrap();
    socket.send(Message::text([&proof, ping, topics].join("\n"))).await.unwrap();
    let mut told = Vec::new();
    while told.len() < 3 {
        let message = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.expect("in time");
        let Some(Ok(Message::Text(text))) = message else { panic!("{message:?}") };
        told.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    }
    assert_eq!((&told[0]["type"], &told[0]["role"]), (&json!("authenticated"), &json!("viewer")));
    assert_eq!(told[1], json!({"type": "pong", "id": 2}));
    assert_eq!((&told[2]["id"], &told[2]["code"]), (&json!(3), &json!("forbidden")), "it is asked as who was proven");
    assert!(told[2]["message"].as_str().unwrap().starts_with("line 3: "), "{}", told[2]);

    for first in [ping, "{"] {
        let mut socket = self::socket(&server, &[("sec-websocket-protocol", "signalbox.batch")]).await.unwrap();
        socket.send(Message::text([first, &proof, ping].join("\n"))).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap()["code"], "unauthenticated", "{first}");
        assert_eq!(next(&mut socket).await, Err(close::UNAUTHENTICATED), "{first}");
    }
}
