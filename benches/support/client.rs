//! A client that costs little: blocking sockets, a request made in advance, no
//! HTTP parser. It checks every answer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, RootCertStore, StreamOwned};

use super::servers::{BODY, provider};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST_REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Who ends a connection, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The client closes when it has its answer; with TLS, without a word (as
    /// many do).
    Client,
    /// As `Client`, but with TLS it sends close_notify first (RFC 8446 6.1).
    ClientNotifies,
    /// `Connection: close`: the server closes after its answer.
    Server,
}

/// The client's end of a connection.
#[derive(Debug)]
pub enum Connection {
    /// The bare socket.
    Plaintext(TcpStream),
    /// TLS on it; boxed, for it is large.
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// Connects, in one of both ways.
#[derive(Clone, Debug)]
pub struct Client {
    server: SocketAddr,
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Client {
    /// A client without TLS.
    pub fn plaintext(server: SocketAddr) -> Self {
        Self { server, tls: None }
    }

    /// A client that shakes hands in full on every connection, TLS 1.3 only.
    ///
    /// # Errors
    ///
    /// When the certificate is none.
    pub fn tls(server: SocketAddr, ca: CertificateDer<'static>) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(ca).map_err(io::Error::other)?;
        let mut config = rustls::ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        let tls = Some(Arc::new(config));
        Ok(Self { server, tls })
    }

    /// A connection; TLS shakes hands with the first request: its last flight
    /// and the request leave in one segment, so that what the server sees does
    /// not depend on timing.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn connect(&self) -> io::Result<Connection> {
        let tcp = TcpStream::connect(self.server)?;
        tcp.set_nodelay(true)?;
        // A server that does not answer shall fail a run, not hang it.
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        let Some(tls) = &self.tls else {
            return Ok(Connection::Plaintext(tcp));
        };
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(tls.clone(), name).map_err(io::Error::other)?;
        Ok(Connection::Tls(Box::new(StreamOwned::new(session, tcp))))
    }

    /// One connection with one request.
    ///
    /// # Errors
    ///
    /// The socket's, and when the answer is not the right one.
    pub fn once(&self, close: Close) -> io::Result<()> {
        let mut connection = self.connect()?;
        match close {
            Close::Client => connection.request(),
            Close::ClientNotifies => {
                connection.request()?;
                connection.notify()
            }
            Close::Server => {
                connection.write(LAST_REQUEST)?;
                let mut answer = Vec::with_capacity(256);
                connection.read_to_end(&mut answer)?;
                check(&answer)
            }
        }
    }

    /// One connection that the server is to refuse: sends what this client
    /// speaks, returns what comes back until the server's FIN.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn mismatch(&self) -> io::Result<Vec<u8>> {
        let (mut tcp, first) = match self.connect()? {
            Connection::Plaintext(tcp) => (tcp, REQUEST.to_vec()),
            Connection::Tls(mut tls) => {
                let mut hello = Vec::new();
                tls.conn.write_tls(&mut hello)?;
                (tls.sock, hello)
            }
        };
        tcp.write_all(&first)?;
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

impl Connection {
    /// One request on this connection, which stays open.
    ///
    /// # Errors
    ///
    /// The socket's, and when the answer is not the right one.
    pub fn request(&mut self) -> io::Result<()> {
        self.write(REQUEST)?;
        let mut answer = [0; 1024];
        let mut filled = 0;
        while !answer[..filled].ends_with(BODY.as_bytes()) {
            match self.read(&mut answer[filled..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => filled += n,
            }
        }
        check(&answer[..filled])
    }

    /// Sends close_notify where there is TLS.
    fn notify(&mut self) -> io::Result<()> {
        match self {
            Self::Plaintext(_) => Ok(()),
            Self::Tls(tls) => {
                tls.conn.send_close_notify();
                tls.conn.write_tls(&mut tls.sock).map(drop)
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plaintext(tcp) => tcp.write_all(bytes),
            Self::Tls(tls) => {
                // Held by rustls until the handshake is done.
                tls.conn.writer().write_all(bytes)?;
                while tls.conn.is_handshaking() || tls.conn.wants_write() {
                    tls.conn.complete_io(&mut tls.sock)?;
                }
                Ok(())
            }
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plaintext(tcp) => tcp.read(into),
            Self::Tls(tls) => tls.read(into),
        }
    }

    fn read_to_end(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plaintext(tcp) => tcp.read_to_end(into),
            // An error unless the server's close_notify came.
            Self::Tls(tls) => tls.read_to_end(into),
        }
    }
}

fn check(answer: &[u8]) -> io::Result<()> {
    if answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.ends_with(BODY.as_bytes()) {
        return Ok(());
    }
    let answer = String::from_utf8_lossy(answer);
    Err(io::Error::other(format!(
        "not the right answer: {answer:?}"
    )))
}
