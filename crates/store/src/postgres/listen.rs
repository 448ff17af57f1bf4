//! What other processes on this log wrote: each commit tells the new head on a channel.

use super::{
    connect::{Patience, Place},
    failure::store_error,
};
use crate::{
    StoreError,
    sql::{connection::Connection, read::events},
};
use protocol::Position;
use sqlx::{
    ConnectOptions, Connection as _,
    postgres::{PgListener, PgNotification, PgPoolOptions},
};
use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering::Relaxed},
};
use tokio::sync::watch;

pub(crate) struct Listening {
    place: Place,
    channel: String,
    /// The process id of our own writer's connection: what it tells is no news here.
    own: Arc<AtomicI32>,
    head: watch::Sender<Position>,
}

impl Listening {
    pub(super) fn new(place: Place, channel: String, own: Arc<AtomicI32>) -> (Self, watch::Receiver<Position>) {
        let (head, foreign) = watch::channel(Position(0));
        (Self { place, channel, own, head }, foreign)
    }

    /// Until the store is closed or dropped. Connects again for as long as it takes: without it others' events come
    /// later, not never.
    pub(crate) async fn run(self, mut closing: watch::Receiver<bool>) {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => {}
            () = self.listen() => {}
        }
    }

    async fn listen(&self) {
        let mut patience = Patience::default();
        loop {
            let Err(error) = self.listen_once(&mut patience).await;
            if !patience.pause(&error).await {
                tracing::error!(%error, "not told of other servers' commits; trying again");
                patience = Patience::default();
            }
        }
    }

    async fn listen_once(&self, patience: &mut Patience) -> Result<std::convert::Infallible, StoreError> {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(self.place.listener());
        let mut listener = PgListener::connect_with(&pool).await.map_err(store_error)?;
        // What was told while nobody listened is read: nothing between this and the first notice is missed.
        listener.listen(&self.channel).await.map_err(store_error)?;
        listener.eager_reconnect(false);
        self.tell(self.read_head().await?);
        *patience = Patience::default();
        loop {
            match listener.try_recv().await.map_err(store_error)? {
                Some(notice) => self.heard(&notice),
                None => return Err(StoreError::Backend { message: "the connection was lost".into(), temporary: true }),
            }
        }
    }

    fn heard(&self, notice: &PgNotification) {
        if i64::from(notice.process_id()) == i64::from(self.own.load(Relaxed)) {
            return;
        }
        match notice.payload().parse() {
            Ok(head) => self.tell(Position(head)),
            Err(error) => tracing::warn!(payload = notice.payload(), %error, "no position"),
        }
    }

    fn tell(&self, head: Position) {
        self.head.send_if_modified(|known| std::mem::replace(known, head.max(*known)) < head);
    }

    async fn read_head(&self) -> Result<Position, StoreError> {
        let mut connection = self.place.listener().connect().await.map_err(store_error)?;
        let head = events::head(&mut Connection::Postgres(&mut connection)).await;
        let _ = connection.close().await;
        head
    }
}
