//! Opening the socket, and whether to open it again.

use protocol::frame::close;
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Error,
        client::IntoClientRequest,
        error::ProtocolError,
        http::{HeaderName, HeaderValue, StatusCode, Uri},
        protocol::WebSocketConfig,
    },
};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Name resolution, TCP, TLS and handshake together.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest message taken from a server: tasks carry their rendered input, events their data.
const MESSAGE_BYTES: usize = 64 << 20;

/// How a socket was not opened.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It may be opened later.
    Later(String),
    /// The server does not want whoever asks, as they are.
    Forbidden(String),
    /// Somebody answers there, but not as a server of ours.
    NotAServer(String),
}

/// # Errors
/// Those of the library; `None` when there was no answer in time.
pub(crate) async fn open(address: &Uri, headers: &[(HeaderName, HeaderValue)]) -> Result<Socket, Option<Error>> {
    if address.scheme_str() == Some("wss") {
        // Fails when the program has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let mut request = address.clone().into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(name, value.clone());
    }
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(MESSAGE_BYTES);
    config.max_frame_size = Some(MESSAGE_BYTES);
    match timeout(CONNECT, connect_async_with_config(request, Some(config), true)).await {
        Ok(opened) => Ok(opened?.0),
        Err(_) => Err(None),
    }
}

pub(crate) fn refused(error: Option<Error>) -> Refused {
    match error {
        None => Refused::Later("no answer".to_owned()),
        Some(Error::Http(response)) => {
            let status = response.status();
            let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let said = format!("{status} {}", body.trim());
            match status {
                StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => Refused::Forbidden(said),
                status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Refused::Later(said),
                _ => Refused::NotAServer(said),
            }
        }
        Some(Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_))) => {
            Refused::NotAServer("it does not know the subprotocol of workers".to_owned())
        }
        Some(Error::Url(why)) => Refused::NotAServer(why.to_string()),
        Some(error) => Refused::Later(error.to_string()),
    }
}

/// Whether a connection that was closed with this code would end the same way again.
pub(crate) fn is_terminal(code: u16) -> bool {
    matches!(code, close::INVALID..=4499) || matches!(code, 1002 | 1003 | 1007 | 1009)
}
