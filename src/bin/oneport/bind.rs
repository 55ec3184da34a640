//! From `--listen` to a listening socket.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::listen_addr::ListenAddr;

/// What the kernel may queue while no connection is accepted; it caps the
/// number itself (`net.core.somaxconn`, 4096 by default on Linux).
const BACKLOG: i32 = 4096;

/// Why an address cannot be listened on.
#[derive(Debug)]
pub(crate) enum BindError {
    /// The kernel refused this address.
    Listen { at: SocketAddr, source: io::Error },
    /// The host name means nothing here.
    Resolve { addr: String, source: io::Error },
}

/// Listens on the first address of `addr` that this machine has.
///
/// One listener only. A name with several addresses gets the first one (IPv4
/// before IPv6) that exists here; a busy port is an error, never a reason to
/// try the next address, where nobody would look for the server.
pub(crate) async fn bind(addr: &ListenAddr) -> Result<TcpListener, BindError> {
    let resolve = |source| BindError::Resolve {
        addr: addr.to_string(),
        source,
    };
    let candidates = addr.resolve().await.map_err(resolve)?;
    let mut last = resolve(io::Error::other("the name has no address"));
    for at in candidates {
        match listen(at) {
            Ok(listener) => return Ok(listener),
            Err(source) => {
                let absent = source.kind() == io::ErrorKind::AddrNotAvailable
                    || source.kind() == io::ErrorKind::Unsupported;
                last = BindError::Listen { at, source };
                if !absent {
                    break;
                }
            }
        }
    }
    Err(last)
}

fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT. On Windows
    // the option means something else: it would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    // `[::]` means every address, whatever net.ipv6.bindv6only says.
    if at.ip() == IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    // Accepted sockets inherit it on Linux: no system call per connection, and
    // no 40 ms of Nagle against delayed ACK in a TLS handshake.
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, source) = match self {
            Self::Resolve { addr, .. } => {
                return write!(
                    f,
                    "cannot listen on {addr}: the host name cannot be resolved \
                     (--listen takes an address of this machine, such as 127.0.0.1:3000)"
                );
            }
            Self::Listen { at, source } => (at, source),
        };
        let port = at.port();
        write!(f, "cannot listen on {at}: ")?;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "port {port} is in use; `{}` names the program that holds it, \
                 and --listen {} chooses another port",
                if cfg!(target_os = "linux") {
                    format!("ss -ltnp 'sport = :{port}'")
                } else {
                    format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
                },
                SocketAddr::new(at.ip(), 0),
            ),
            io::ErrorKind::PermissionDenied => write!(
                f,
                "port {port} needs more rights (root, or the capability CAP_NET_BIND_SERVICE); \
                 choose a port from 1024 on with --listen"
            ),
            io::ErrorKind::AddrNotAvailable => write!(
                f,
                "this machine does not have the address {}; \
                 use 127.0.0.1 for this machine only, or [::] for every network",
                at.ip()
            ),
            _ => f.write_str("the operating system refuses it"),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Resolve { source, .. } => Some(source),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_listener_has_nodelay_and_so_have_its_connections() {
        let addr = "127.0.0.1:0".parse().expect("an address");
        let listener = bind(&addr).await.expect("a listener");
        let at = listener.local_addr().expect("its address");
        let client = tokio::net::TcpStream::connect(at);
        let (client, accepted) = tokio::join!(client, listener.accept());
        assert!(client.is_ok());
        let (accepted, _) = accepted.expect("a connection");
        if cfg!(target_os = "linux") {
            assert!(accepted.nodelay().expect("the option"));
        }
    }

    #[tokio::test]
    async fn every_address_takes_both_families() {
        let addr = "[::]:0".parse().expect("an address");
        let listener = bind(&addr).await.expect("a listener");
        let port = listener.local_addr().expect("its address").port();
        let client = tokio::net::TcpStream::connect(("127.0.0.1", port));
        let (client, accepted) = tokio::join!(client, listener.accept());
        assert!(client.is_ok() && accepted.is_ok());
    }
}
