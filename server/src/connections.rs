//! Accepting connections, and letting them end.
//!
//! Not `axum::serve`: that one has no limit on connections and none on the time a client takes for its headers.

use crate::guard::Peer;
use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1::Builder};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
#[cfg(any(target_os = "linux", target_os = "android"))]
use socket2::SockRef;
use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Twice the 5,000 clients the hub is built for, WebSockets among them. One more is closed at once, before a byte is
/// read.
const CONNECTIONS: usize = 10_000;
/// From the opening of a connection, or the end of the answer before, to the end of a request's headers.
const HEADERS: Duration = Duration::from_secs(15);
/// Longest request line and headers together, bytes.
const HEADER_BYTES: usize = 64 << 10;
/// How long requests under way may take to end once the server stops.
const FINISH: Duration = Duration::from_secs(10);
/// How long what was written may wait for its peer, while nothing of it moves.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNTAKEN: Duration = Duration::from_secs(60);
/// Pause after a failed accept (out of file handles), so that the failure does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A connection's place among all there may be; upgraded connections keep it beyond their last request.
#[derive(Clone)]
pub(crate) struct Place {
    _slot: Arc<OwnedSemaphorePermit>,
}

/// Serves until `stop` resolves, then lets requests under way finish, within bounds.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let finish = CancellationToken::new();
    let builder = http();
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(ended) = open.join_next(), if !open.is_empty() => note(ended),
            accepted = listener.accept() => {
                let Some((stream, address)) = admit(accepted).await else { continue };
                let Ok(slot) = slots.clone().try_acquire_owned() else {
                    tracing::warn!("{CONNECTIONS} connections are open already: one more was closed");
                    continue;
                };
                let place = Place { _slot: Arc::new(slot) };
                let service = TowerToHyperService::new(router.clone().map_request(
                    move |mut request: Request<Incoming>| {
                        request.extensions_mut().insert(place.clone());
                        request.extensions_mut().insert(Peer(address));
                        request.map(Body::new)
                    },
                ));
                let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
                let finish = finish.clone();
                open.spawn(async move {
                    let mut connection = pin!(connection);
                    let ended = tokio::select! {
                        ended = connection.as_mut() => ended,
                        () = finish.cancelled() => {
                            connection.as_mut().graceful_shutdown();
                            connection.await
                        }
                    };
                    if let Err(error) = ended {
                        tracing::debug!("a connection ended early: {error}");
                    }
                });
            }
        }
    }
    drop(listener);
    finish.cancel();
    let all = async {
        while let Some(ended) = open.join_next().await {
            note(ended);
        }
    };
    if tokio::time::timeout(FINISH, all).await.is_err() {
        tracing::warn!("requests still under way after {} s were cut off", FINISH.as_secs());
    }
    open.shutdown().await;
}

/// HTTP/1.1 and nothing else: whoever tells versions apart waits for a client's first bytes without a limit.
fn http() -> Builder {
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEADER_BYTES);
    builder
}

async fn admit(accepted: io::Result<(TcpStream, SocketAddr)>) -> Option<(TcpStream, SocketAddr)> {
    match accepted {
        Ok((stream, address)) => {
            // Small frames should leave at once. A socket that refuses this is about to fail anyway.
            let _ = stream.set_nodelay(true);
            // Whoever writes to a peer that takes nothing gives up before; but not everybody who writes can be stopped
            // (Engine.IO cannot), so the system ends the connection.
            #[cfg(any(target_os = "linux", target_os = "android"))]
            let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNTAKEN));
            Some((stream, address))
        }
        Err(error) => {
            tracing::warn!("a connection could not be accepted: {error}");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

fn note(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!("a connection's task failed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::{Instant, timeout},
    };

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_or_half_a_word_gives_the_place_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(async || "here"));
        let served = tokio::spawn(serve(listener, router, stop.clone().cancelled_owned()));
        for said in ["", "P", "G", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nHos"] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said.as_bytes()).await.unwrap();
            let began = Instant::now();
            let mut answer = Vec::new();
            let ended = timeout(HEADERS * 2, client.read_to_end(&mut answer)).await;
            assert!(ended.is_ok(), "{said:?}: still open after {:?}", began.elapsed());
        }
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("here"), "{answer}");
        stop.cancel();
        served.await.unwrap();
    }
}
