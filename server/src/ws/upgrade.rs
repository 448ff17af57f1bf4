//! `GET /api/ws`.

use super::{
    handshake::Handshake,
    socket::{self, Client},
};
use crate::connections::Place;
use axum::{
    Extension,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use hub::{Hub, Kind, Reads};
use protocol::{
    Identity,
    frame::{batch, worker},
};
use std::sync::Arc;

/// Upgrades to a WebSocket and serves it. Host and Origin are checked by the router's guard before this.
///
/// 400 or 426 when the request is no WebSocket handshake, 503 while the server is going away.
pub async fn upgrade(
    State(hub): State<Arc<Hub>>,
    who: Option<Extension<Arc<Identity>>>,
    mut request: Request,
) -> Response {
    if hub.is_draining() {
        let retry = [(header::RETRY_AFTER, "2")];
        return (StatusCode::SERVICE_UNAVAILABLE, retry, "the server is going away: come back").into_response();
    }
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    let handshake = match Handshake::of(&parts, &[worker::SUBPROTOCOL, batch::SUBPROTOCOL]) {
        Ok(handshake) => handshake,
        Err(refused) => return refused.into_response(),
    };
    let who = who.map(|Extension(who)| who);
    let is_batch = handshake.subprotocol == Some(batch::SUBPROTOCOL);
    let reads = Reads { deflate: handshake.deflate, batch: is_batch };
    let client = Client { kind: Kind::of(handshake.subprotocol), who, reads };
    // The HTTP server is done with the connection; its place among all connections is kept as long as it lives.
    let place = parts.extensions.get::<Place>().cloned();
    tokio::spawn(async move {
        socket::serve(upgrade, client, hub).await;
        drop(place);
    });
    handshake.response()
}
