//! From `--listen` to a listening socket.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::runtime::Handle;

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
///
/// With `workers` there is one for each of these runtimes, all at the same port.
pub(crate) async fn bind(addr: &ListenAddr, workers: &[Handle]) -> Result<Listeners, BindError> {
    let resolve = |source| BindError::Resolve {
        addr: addr.to_string(),
        source,
    };
    let candidates = addr.resolve().await.map_err(resolve)?;
    let mut last = resolve(io::Error::other("the name has no address"));
    for at in candidates {
        match Listeners::bind(at, workers) {
            Ok(listeners) => return Ok(listeners),
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

/// The listening sockets.
#[derive(Debug)]
pub(crate) struct Listeners {
    /// The address of all of them.
    pub(crate) at: SocketAddr,
    /// That of the first worker, or of this runtime.
    pub(crate) first: TcpListener,
    /// Those of the other workers.
    pub(crate) others: Vec<(Handle, TcpListener)>,
}

impl Listeners {
    fn bind(at: SocketAddr, workers: &[Handle]) -> io::Result<Self> {
        let first = listen(at, Port::Own)?;
        // Port 0 is a port from here on.
        let at = first
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::InvalidInput)?;
        let Some((home, others)) = workers.split_first() else {
            let first = TcpListener::from_std(first.into())?;
            let others = Vec::new();
            return Ok(Self { at, first, others });
        };
        // Not before it listens: with the option on, it could share a port that
        // another server of the same user has.
        share(&first)?;
        let listener = |(runtime, socket): (&Handle, Socket)| {
            let _guard = runtime.enter();
            TcpListener::from_std(socket.into())
        };
        let first = listener((home, first))?;
        let others = others.iter().map(|runtime| {
            let socket = listen(at, Port::Shared)?;
            Ok((runtime.clone(), listener((runtime, socket))?))
        });
        let others = others.collect::<io::Result<Vec<_>>>()?;
        Ok(Self { at, first, others })
    }
}

/// Whose port it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Own,
    /// There is a listener of ours at it.
    Shared,
}

fn listen(at: SocketAddr, port: Port) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    // A restart must not wait for the old connections' TIME_WAIT. On Windows
    // the option means something else: it would let two servers share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if port == Port::Shared {
        share(&socket)?;
    }
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
    Ok(socket)
}

/// Lets further listeners of this user have the same port; Linux spreads the
/// connections over them.
fn share(socket: &Socket) -> io::Result<()> {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_reuse_port(true)?;
    // The arguments allow only one worker elsewhere.
    let _ = socket;
    Ok(())
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
        let listener = bind(&addr, &[]).await.expect("a listener").first;
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
        let listener = bind(&addr, &[]).await.expect("a listener").first;
        let port = listener.local_addr().expect("its address").port();
        let client = tokio::net::TcpStream::connect(("127.0.0.1", port));
        let (client, accepted) = tokio::join!(client, listener.accept());
        assert!(client.is_ok() && accepted.is_ok());
    }
}
