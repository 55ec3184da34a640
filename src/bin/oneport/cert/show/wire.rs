//! A TCP connection with one deadline, that remembers how the other side began.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// Enough for the first line of any answer.
const REMEMBERED: usize = 128;

#[derive(Debug)]
pub(super) struct Wire {
    tcp: TcpStream,
    deadline: Instant,
    /// The first bytes that came.
    pub(super) first: Vec<u8>,
    pub(super) peer: SocketAddr,
}

impl Wire {
    /// Tries one address after the other.
    pub(super) fn connect(host: &str, port: u16, limit: Duration) -> io::Result<Self> {
        let deadline = Instant::now() + limit;
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for peer in (host, port).to_socket_addrs()? {
            match left(deadline).and_then(|left| TcpStream::connect_timeout(&peer, left)) {
                Ok(tcp) => {
                    return Ok(Self {
                        tcp,
                        deadline: Instant::now() + limit,
                        first: Vec::new(),
                        peer,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(Some(left(self.deadline)?))?;
        let count = self.tcp.read(buffer).map_err(late)?;
        let room = REMEMBERED.saturating_sub(self.first.len());
        self.first.extend(buffer.iter().take(count.min(room)));
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(left(self.deadline)?))?;
        self.tcp.write(buffer).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}

/// Zero would mean no limit at all.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(io::ErrorKind::TimedOut.into()),
        false => Ok(left),
    }
}

/// Both are what systems say of a timeout that was set.
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    }
}
