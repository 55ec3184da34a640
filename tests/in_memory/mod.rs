//! A server's listener without sockets, for a clock that is paused.

use std::future::pending;
use std::io;
use std::net::SocketAddr;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Brings what is sent to it, from 127.0.0.1, port 1; then nothing.
pub(crate) struct InMemory(pub(crate) mpsc::Receiver<DuplexStream>);

impl oneport::Listener for InMemory {
    type Io = DuplexStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(io) => Ok((io, ([127, 0, 0, 1], 1).into())),
            None => pending().await,
        }
    }
}
