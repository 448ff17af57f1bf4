//! What the client makes of tokens that are refused, over real sockets, with words put into the server's mouth.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_tungstenite::{
    accept_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use worker::{Client, Told};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server says to a token before it closes with 4401.
#[derive(Clone, Copy)]
enum Says {
    NotNow,
    Never,
}

/// What is said to the tokens of one connection after the other; and those tokens.
async fn served(listener: &TcpListener, says: &[Says]) -> Vec<String> {
    let mut tokens = Vec::new();
    for says in says {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let limits = json!({"frame_bytes": 65_536, "topics": 9, "queue_bytes": 65_536, "idle_timeout_ms": 90_000});
        let hello = json!({"type": "hello", "epoch": "e", "client": "c", "limits": limits});
        socket.send(Message::text(hello.to_string())).await.unwrap();
        let sent = socket.next().await.unwrap().unwrap().into_text().unwrap();
        let sent: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(sent["type"], "authenticate");
        tokens.push(sent["token"].as_str().unwrap().to_owned());
        let (code, temporary) = match says {
            Says::NotNow => ("unavailable", true),
            Says::Never => ("token_unknown", false),
        };
        let refusal = json!({"type": "error", "id": sent["id"], "code": code, "message": "no", "temporary": temporary});
        socket.send(Message::text(refusal.to_string())).await.unwrap();
        let frame = CloseFrame { code: CloseCode::from(4401), reason: "prove it".into() };
        socket.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    }
    tokens
}

/// The tokens sent, and why the connections ended; each is tried again but the last.
async fn check(fetched: bool, says: &[Says], expected: &[(&str, &str)]) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = Client::connect(format!("http://{}", listener.local_addr().unwrap()));
    let made = Arc::new(AtomicU32::new(0));
    let builder = if fetched {
        builder.tokens_from(move || std::future::ready(format!("t{}", made.fetch_add(1, Ordering::Relaxed) + 1)))
    } else {
        builder.token("t")
    };
    let (_client, mut told) = builder.start().unwrap();
    let ends = async {
        let mut ends = Vec::new();
        while let Some(told) = told.next().await {
            if let Told::Disconnected { code, why, retry } = told {
                assert_eq!(code, Some(4401));
                ends.push((why, retry.is_some()));
            }
        }
        ends
    };
    let (tokens, ends) = timeout(PATIENCE, futures::future::join(served(&listener, says), ends)).await.unwrap();
    let got: Vec<_> = tokens.iter().zip(&ends).map(|(token, (why, _))| (token.as_str(), why.as_str())).collect();
    assert_eq!(got, expected);
    let retried: Vec<bool> = ends.iter().map(|(_, retried)| *retried).collect();
    let mut but_the_last = vec![true; says.len()];
    but_the_last[says.len() - 1] = false;
    assert_eq!(retried, but_the_last);
}

#[tokio::test]
async fn one_other_try_is_made_after_a_token_that_is_refused() {
    let never = "no (token_unknown)";
    check(true, &[Says::Never, Says::Never], &[("t1", never), ("t2", never)]).await;
    // The same again is told why: the connection there was may only have been closed.
    check(false, &[Says::Never, Says::Never], &[("t", never), ("t", never)]).await;
}

#[tokio::test]
async fn a_refusal_for_now_never_ends_a_client_and_is_not_its_one_other_try() {
    let (not_now, never) = ("no (unavailable)", "no (token_unknown)");
    let says = [Says::NotNow, Says::NotNow, Says::Never, Says::NotNow, Says::Never];
    let expected = [("t1", not_now), ("t2", not_now), ("t3", never), ("t4", not_now), ("t5", never)];
    check(true, &says, &expected).await;
    check(false, &says, &expected.map(|(_, why)| ("t", why))).await;
}

#[tokio::test]
async fn what_a_client_does_is_told_where_that_is_asked_for_and_no_token() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = lines.clone();
    let builder = Client::connect(format!("http://{address}")).token("sbx_secret");
    let builder = builder.debug_to(move |line| told.lock().unwrap().push(line.to_owned()));
    let (_client, mut told) = builder.start().unwrap();
    let ends = async { while told.next().await.is_some() {} };
    let says = [Says::NotNow, Says::Never, Says::Never];
    timeout(PATIENCE, futures::future::join(served(&listener, &says), ends)).await.unwrap();
    let lines = lines.lock().unwrap();
    assert!(!lines.iter().any(|line| line.contains("sbx_secret")), "{lines:#?}");
    let count = |beginning: &str| lines.iter().filter(|line| line.starts_with(beginning)).count();
    assert_eq!(count(&format!("connecting to ws://{address}")), 3, "{lines:#?}");
    for (beginning, times) in [
        (r#"← {"client":"c","epoch":"e""#, 3),
        (r#"→ {"type":"authenticate",…}"#, 3),
        (r#"← {"code":"unavailable""#, 1),
        ("no (unavailable); next try in ", 1),
        ("no (token_unknown); next try in ", 1),
        ("closed: no (token_unknown)", 1),
    ] {
        assert_eq!(count(beginning), times, "{beginning}: {lines:#?}");
    }
}
