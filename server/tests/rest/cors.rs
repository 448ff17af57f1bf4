//! Pages of other origins: those that are named may, others may not.

use crate::support::TestServer;
use reqwest::{Method, Response, header::HeaderMap};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

const OURS: &str = "http://localhost:3000";

async fn server() -> TestServer {
    TestServer::start_with(|config| config.origins = vec![OURS.to_owned()]).await
}

async fn ask(server: &TestServer, method: Method, origin: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.client.request(method.clone(), server.url("/api/v1/events?topic=events"));
    if method == Method::POST {
        request =
            server.client.request(method, server.url("/api/v1/events")).header("content-type", "application/json");
        request = request.body(r#"{"type":"system_alert","severity":"info","component":"c","message":"m"}"#);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.header("origin", origin).header("sec-fetch-site", "cross-site").send().await.unwrap()
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_page_that_is_named_may_read_and_write() {
    let server = server().await;
    let preflight = [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
    let answer = ask(&server, Method::OPTIONS, OURS, &preflight).await;
    assert_eq!(answer.status(), 204);
    let headers = answer.headers();
    assert_eq!(allowed(headers), Some(OURS), "its exact name, never `*`");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    let may_send = headers["access-control-allow-headers"].to_str().unwrap();
    assert!(["authorization", "content-type", "idempotency-key"].iter().all(|name| may_send.contains(name)));
    assert!(headers.get_all("vary").iter().any(|vary| vary == "origin"));
    for (method, status) in [(Method::GET, 200), (Method::POST, 201)] {
        let answer = ask(&server, method.clone(), OURS, &[]).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (status, Some(OURS)), "{method}");
    }
    let mut upgrade = format!("ws://{}/api/ws", server.address).into_client_request().unwrap();
    upgrade.headers_mut().insert("origin", OURS.parse().unwrap());
    connect_async(upgrade).await.expect("its socket is let in");
}

#[tokio::test]
async fn a_page_that_is_not_named_may_not() {
    let server = server().await;
    for origin in ["http://localhost:3001", "https://localhost:3000", "http://localhost:3000.evil.test", "null"] {
        let preflight = [("access-control-request-method", "POST")];
        let answer = ask(&server, Method::OPTIONS, origin, &preflight).await;
        assert!(!answer.status().is_success() && allowed(answer.headers()).is_none(), "{origin}");
        let answer = ask(&server, Method::GET, origin, &[]).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (200, None), "its browser keeps it from it");
        let answer = ask(&server, Method::POST, origin, &[]).await;
        assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (403, None), "{origin}");
        let mut upgrade = format!("ws://{}/api/ws", server.address).into_client_request().unwrap();
        upgrade.headers_mut().insert("origin", origin.parse().unwrap());
        assert!(connect_async(upgrade).await.is_err(), "{origin}");
    }
    let usual = TestServer::start().await;
    let answer = ask(&usual, Method::POST, OURS, &[]).await;
    assert_eq!((answer.status().as_u16(), allowed(answer.headers())), (403, None), "nobody is named unless told");
}
