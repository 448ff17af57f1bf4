//! The physical limit: a thread that does nothing but send, on the server's core, to clients like the others'.

use super::{cores, crowd::Crowd, dialect::Dialect};
use anyhow::Context;
use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread::JoinHandle,
    time::Duration,
};

pub(super) struct Limit {
    orders: mpsc::Sender<Order>,
    done: mpsc::Receiver<anyhow::Result<Duration>>,
    thread: JoinHandle<()>,
    pub(super) crowd: Crowd,
}

/// Messages for every client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) messages: usize,
    /// All in one `send`; else one each.
    pub(super) joined: bool,
}

impl Limit {
    pub(super) fn start(clients: usize, message_bytes: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut crowd = Crowd::new(Dialect::Raw { message_bytes }, listener.local_addr()?)?;
        let (orders, asked) = mpsc::channel::<Order>();
        let (done, answers) = mpsc::channel();
        let (ready, accepted) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let streams = cores::pin(cores::SERVER).and_then(|()| accept(&listener, clients));
            let streams = match streams {
                Ok(streams) => streams,
                Err(error) => {
                    let _ = done.send(Err(error));
                    return;
                }
            };
            let _ = ready.send(());
            let bytes = vec![b'x'; message_bytes * 64];
            for order in asked {
                let used = cores::used_here();
                let sent = send(&streams, order, message_bytes, &bytes);
                if done.send(sent.map(|()| cores::used_here() - used)).is_err() {
                    return;
                }
            }
        });
        for _ in 0..clients.div_ceil(1_000) {
            crowd.join((clients - crowd.clients.len()).min(1_000))?;
        }
        accepted.recv_timeout(Duration::from_secs(30)).context("not everybody was accepted")?;
        Ok(Self { orders, done: answers, thread, crowd })
    }

    pub(super) fn send(&self, order: Order) -> anyhow::Result<()> {
        self.orders.send(order).context("the sender has ended")
    }

    /// Processor time of the next order that is done.
    pub(super) fn done(&self) -> anyhow::Result<Option<Duration>> {
        match self.done.try_recv() {
            Ok(used) => used.map(Some),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn stop(self) {
        drop(self.orders);
        drop(self.crowd);
        let _ = self.thread.join();
    }
}

fn accept(listener: &TcpListener, clients: usize) -> anyhow::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(clients);
    for _ in 0..clients {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    Ok(streams)
}

fn send(streams: &[TcpStream], order: Order, message_bytes: usize, bytes: &[u8]) -> anyhow::Result<()> {
    let (times, length) =
        if order.joined { (1, message_bytes * order.messages) } else { (order.messages, message_bytes) };
    for _ in 0..times {
        for mut stream in streams {
            stream.write_all(&bytes[..length]).context("a client is gone")?;
        }
    }
    Ok(())
}
