//! The socket under a connection: taken out of the HTTP server, or, where that has wrapped it, spoken to through it.

use super::{
    ending::Ending,
    pipe::Pipe,
    rfc6455::{Incoming, Reader},
    tcp::Tcp,
};
use axum::body::Bytes;
use bytes::Buf;
use futures::future::BoxFuture;
use hub::Wire;
use hyper::upgrade::Upgraded;
use hyper_util::{rt::TokioIo, server::conn::auto::upgrade::downcast};
use std::{cell::RefCell, io::ErrorKind, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};

/// Read at once. Each thread has one such buffer, and no connection has.
const READ_BYTES: usize = 64 << 10;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// What is written to the client, and how it is ended.
pub(super) enum Sender {
    Tcp(Arc<Tcp>),
    Pipe(Arc<Pipe>),
}

/// What the client sends, message by message.
pub(super) struct Receiver {
    source: Source,
    reader: Reader,
    /// Read and not understood yet.
    left: Bytes,
}

enum Source {
    Tcp(Arc<Tcp>),
    Other(Box<dyn AsyncRead + Send + Unpin>),
}

/// Takes the socket. With it comes, where the hub cannot write to it itself, what does so instead.
pub(super) fn open(upgraded: Upgraded, reader: Reader) -> (Sender, Receiver, Option<BoxFuture<'static, ()>>) {
    // As this server's connections are, or as a server's that tells versions of HTTP apart.
    let tcp = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Ok((parts.io, parts.read_buf)),
        Err(upgraded) => downcast::<TokioIo<TcpStream>>(upgraded).map(|parts| (parts.io, parts.read_buf)),
    };
    match tcp {
        Ok((io, left)) => {
            let tcp = Arc::new(Tcp::new(io.into_inner()));
            let receiver = Receiver { source: Source::Tcp(tcp.clone()), reader, left };
            (Sender::Tcp(tcp), receiver, None)
        }
        Err(upgraded) => {
            let (read, write) = tokio::io::split(TokioIo::new(upgraded));
            let pipe = Arc::new(Pipe::default());
            let pumped = pipe.clone();
            let receiver = Receiver { source: Source::Other(Box::new(read)), reader, left: Bytes::new() };
            (Sender::Pipe(pipe), receiver, Some(Box::pin(async move { pumped.pump(write).await })))
        }
    }
}

impl Sender {
    pub(super) fn wire(&self) -> Arc<dyn Wire> {
        match self {
            Sender::Tcp(tcp) => tcp.clone(),
            Sender::Pipe(pipe) => pipe.clone(),
        }
    }

    /// Nothing follows.
    pub(super) fn finish(&self) {
        match self {
            Sender::Tcp(tcp) => tcp.finish(),
            Sender::Pipe(pipe) => pipe.finish(),
        }
    }
}

impl Receiver {
    /// Bytes of the messages it takes.
    pub(super) fn set_limit(&mut self, bytes: usize) {
        self.reader.set_limit(bytes);
    }

    /// The next message. Cancelled, it loses nothing.
    pub(super) async fn next(&mut self) -> Result<Incoming, Ending> {
        loop {
            if let Some(incoming) = self.understand()? {
                return Ok(incoming);
            }
            match &mut self.source {
                Source::Tcp(tcp) => {
                    tcp.readable().await.map_err(|_| Ending::Gone)?;
                    let tcp = tcp.clone();
                    let incoming = BUFFER.with_borrow_mut(|buffer| self.read_now(&tcp, buffer))?;
                    if let Some(incoming) = incoming {
                        return Ok(incoming);
                    }
                }
                Source::Other(socket) => {
                    // Cancel safe: either something was read or nothing.
                    let mut buffer = bytes::BytesMut::with_capacity(4 << 10);
                    match socket.read_buf(&mut buffer).await {
                        Ok(0) | Err(_) => return Err(Ending::Gone),
                        Ok(_) => self.left = buffer.freeze(),
                    }
                }
            }
        }
    }

    /// Reads until the client ends the connection, and forgets it: closing a socket with something unread resets
    /// the connection, and the client would not read why it was closed.
    pub(super) async fn discard(&mut self) {
        self.left = Bytes::new();
        loop {
            match &mut self.source {
                Source::Tcp(tcp) => {
                    if tcp.readable().await.is_err() {
                        return;
                    }
                    match BUFFER.with_borrow_mut(|buffer| tcp.try_read(buffer)) {
                        Ok(0) => return,
                        Err(error) if error.kind() != ErrorKind::WouldBlock => return,
                        _ => {}
                    }
                }
                Source::Other(socket) => match socket.read_buf(&mut bytes::BytesMut::with_capacity(4 << 10)).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
            }
        }
    }

    fn understand(&mut self) -> Result<Option<Incoming>, Ending> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let mut input = self.left.as_ref();
        let incoming = self.reader.read(&mut input)?;
        let taken = self.left.len() - input.len();
        self.left.advance(taken);
        if self.left.is_empty() {
            self.left = Bytes::new();
        }
        Ok(incoming)
    }

    fn read_now(&mut self, tcp: &Tcp, buffer: &mut [u8]) -> Result<Option<Incoming>, Ending> {
        let count = match tcp.try_read(buffer) {
            Ok(0) => return Err(Ending::Gone),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(None),
            Err(_) => return Err(Ending::Gone),
        };
        let mut input = &buffer[..count];
        let incoming = self.reader.read(&mut input)?;
        self.left = Bytes::copy_from_slice(input);
        Ok(incoming)
    }
}
