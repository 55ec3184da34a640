//! A connection's task is as large as its largest state, for all its life. A
//! stage that slips into the future of another shows here.

use std::net::SocketAddr;

use oneport::Acceptor;
use tokio::net::TcpStream;

/// The size of what an acceptor makes of a socket.
fn size<F>(_: impl FnOnce(&'static Acceptor, TcpStream, SocketAddr) -> F) -> usize {
    size_of::<F>()
}

/// Handshake, refusal and lateness are boxed: together they are several KiB.
#[test]
fn a_bare_acceptor_waits_in_little_space() {
    let accept = size(|acceptor, io, peer| acceptor.accept(io, peer));
    assert!(accept <= 700, "{accept} bytes");
}
