//! The opening handshake of RFC 6455 (4.2), on the server's side.

use super::extensions::{self, Extensions};
use crate::rest::RefusedAs;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use tungstenite::handshake::derive_accept_key;

/// What was agreed on.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) subprotocol: Option<&'static str>,
    /// Messages may be compressed, both ways.
    pub(super) deflate: bool,
    accept: String,
}

/// Why a request is no handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NoHandshake(&'static str),
    /// The only version there is, is 13.
    Version,
}

impl Handshake {
    /// Agrees on the first of the client's subprotocols that is one of ours, or on none.
    pub(super) fn of(request: &Parts, ours: &[&'static str]) -> Result<Self, Refused> {
        let headers = &request.headers;
        if !lists(headers, &header::CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade")) {
            return Err(Refused::NoHandshake("`Connection` must name `Upgrade`"));
        }
        if !lists(headers, &header::UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket")) {
            return Err(Refused::NoHandshake("`Upgrade` must be `websocket`"));
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(Refused::Version);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let Some(key) = key else {
            return Err(Refused::NoHandshake("`Sec-WebSocket-Key` must be 16 bytes in base64"));
        };
        let subprotocol = lists(headers, &header::SEC_WEBSOCKET_PROTOCOL)
            .find_map(|asked| ours.iter().find(|name| **name == asked).copied());
        Ok(Self {
            subprotocol,
            deflate: extensions::agreed(lists(headers, &header::SEC_WEBSOCKET_EXTENSIONS)) == Extensions::Deflate,
            accept: derive_accept_key(key.as_bytes()),
        })
    }

    /// 101, with what was agreed on.
    pub(super) fn response(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(subprotocol) = self.subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        if self.deflate {
            headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(extensions::DEFLATE));
        }
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = match self {
            Refused::NoHandshake(why) => (StatusCode::BAD_REQUEST, why).into_response(),
            Refused::Version => {
                let version = [(header::SEC_WEBSOCKET_VERSION, "13")];
                (StatusCode::UPGRADE_REQUIRED, version, "`Sec-WebSocket-Version` must be 13").into_response()
            }
        };
        response.extensions_mut().insert(RefusedAs("handshake".to_owned()));
        response
    }
}

/// The elements of a header that is a list, in however many lines.
fn lists<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|element| !element.is_empty())
}

/// 24 characters of base64 that end in two signs of equality: 16 bytes.
fn is_key(key: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_base64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn check(changed: &[(&str, &str)]) -> Result<Response, Refused> {
        let mut request = Request::get("/api/ws").body(()).unwrap();
        let usual = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ];
        for (name, value) in usual.into_iter().chain(changed.iter().copied()) {
            request.headers_mut().insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        Handshake::of(&request.into_parts().0, &["signalbox.worker"]).map(|handshake| handshake.response())
    }

    #[test]
    fn the_answer_is_that_of_the_rfc() {
        let answer = check(&[]).unwrap();
        assert_eq!(answer.status(), 101);
        assert_eq!(answer.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!answer.headers().contains_key("sec-websocket-protocol"));
        assert!(!answer.headers().contains_key("sec-websocket-extensions"));
    }

    #[test]
    fn what_both_know_is_agreed_on() {
        let answer = check(&[("sec-websocket-protocol", "soap, signalbox.worker")]).unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "signalbox.worker");
        let answer = check(&[("sec-websocket-extensions", "x, permessage-deflate; client_max_window_bits")]).unwrap();
        assert_eq!(answer.headers()["sec-websocket-extensions"], extensions::DEFLATE);
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        for wrong in [
            ("connection", "keep-alive"),
            ("upgrade", "h2c"),
            ("sec-websocket-key", "short"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=a"),
        ] {
            let refused = check(&[wrong]).unwrap_err();
            assert!(matches!(refused, Refused::NoHandshake(_)), "{wrong:?}");
            assert_eq!(refused.into_response().status(), 400);
        }
        let answer = check(&[("sec-websocket-version", "8")]).unwrap_err().into_response();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["sec-websocket-version"]),
            (426, &"13".parse().unwrap())
        );
    }
}
