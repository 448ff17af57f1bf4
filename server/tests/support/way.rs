//! A way to a server that can be cut.

use std::net::SocketAddr;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The variable with the URL of a Redis.
const REDIS: &str = "SIGNALBOX_TEST_REDIS_URL";

/// Passes on what connections to [`Way::address`] say to another address, and back.
pub struct Way {
    address: SocketAddr,
    to: String,
    open: Option<JoinSet<()>>,
}

impl Way {
    /// `to`: `host:port`.
    pub async fn to(to: &str) -> Self {
        let mut way = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), to: to.to_owned(), open: None };
        way.mend().await;
        way
    }

    pub async fn to_redis() -> Self {
        let url = std::env::var(REDIS)
            .unwrap_or_else(|_| panic!("{REDIS} names no Redis (redis://host:port/): `cargo xtask test` starts one"));
        Self::to(url.trim_start_matches("redis://").trim_end_matches('/')).await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks what is connected, and lets nobody in.
    pub fn cut(&mut self) {
        self.open = None;
    }

    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("a free port, or the same again");
        self.address = listener.local_addr().expect("its address");
        let (mut open, to) = (JoinSet::new(), self.to.clone());
        open.spawn(async move {
            let mut through = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                through.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        self.open = Some(open);
    }
}
