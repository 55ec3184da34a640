//! A server that does with its sockets what a test says.

use std::future::Future;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use crate::support::listen;

/// Until the test ends.
pub(crate) async fn serve<F>(each: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(each(tcp));
        }
    });
    addr
}
