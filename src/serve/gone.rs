//! Peers that have left while something of theirs is unread.

use std::any::Any;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;

/// Whether the peer's end, or a reset, has come: a read would give what lies before it,
/// and there may be more than anybody wants. The kernel says so beside (EPOLLRDHUP).
///
/// Of sockets only; of others false.
pub(super) fn has_left<I: 'static>(io: &I, cx: &mut Context<'_>) -> bool {
    let io = io as &dyn Any;
    if let Some(tcp) = io.downcast_ref::<TcpStream>() {
        return is_closed(pin!(tcp.ready(Interest::READABLE)).poll(cx));
    }
    #[cfg(unix)]
    if let Some(unix) = io.downcast_ref::<tokio::net::UnixStream>() {
        return is_closed(pin!(unix.ready(Interest::READABLE)).poll(cx));
    }
    false
}

fn is_closed(ready: Poll<std::io::Result<Ready>>) -> bool {
    matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
}
