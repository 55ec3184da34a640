//! The stages of a connection behind the verdict.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncRead, AsyncWrite};

use super::accept_loop::Slotted;
use super::app::App;
use super::connection::{Shared, Stage, log};
use super::serving::Serving;
use super::undecided::{End, For, Place};
use crate::accept::{AcceptError, Accepted, Handshaken, Refused, Sniffed};
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::sniff::Protocol;

pub(super) fn handshaking<I, A, Addr, K>(
    mut place: Place,
    sniffed: Sniffed<Slotted<I>>,
    app: A,
    addr: Addr,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Send + 'static,
    K: 'static,
{
    Stage::new(async move {
        let shared = place.shared().clone();
        let peer = sniffed.peer();
        let mut handshake = pin!(shared.acceptor.handshake(sniffed));
        let handshaken = poll_fn(|cx| match handshake.as_mut().poll(cx) {
            Poll::Ready(handshaken) => Poll::Ready(Ok(handshaken)),
            Poll::Pending => place.poll_end(For::Handshake, cx).map(Err),
        });
        match handshaken.await {
            Ok(Ok(Handshaken::Accepted(accepted))) => {
                Some(serving(shared.clone(), accepted, app, addr))
            }
            Ok(Ok(Handshaken::Refused(refused))) => Some(refusing_in_tls(&shared, refused)),
            Ok(Err(error)) => {
                log(shared.acceptor.refusal_log(), peer, &error);
                None
            }
            Err(End::Evicted) => {
                shared.note_evicted(peer);
                None
            }
            Err(End::Draining | End::Late) => None,
        }
    })
}

pub(super) fn serving<I, A, Addr, K>(
    shared: Arc<Shared>,
    accepted: Accepted<Slotted<I>>,
    app: A,
    addr: Addr,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Send + 'static,
    K: 'static,
{
    let making = app.into_service(addr);
    Stage::new(Serving::new(shared, accepted, making))
}

pub(super) fn refusing<I>(
    shared: Arc<Shared>,
    sniffed: Sniffed<Slotted<I>>,
    mismatch: Mismatch,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Stage::until_aborted(&shared.clone(), async move {
        let peer = sniffed.peer();
        match shared.acceptor.refuse(sniffed, mismatch).await {
            // It has logged itself.
            AcceptError::Refused(_) => {}
            error => log(shared.acceptor.refusal_log(), peer, &error),
        }
        None
    })
}

/// Tells a client that its address has too many connections, where it can read
/// that. No handshake is spent on it.
pub(super) fn turning_away<I>(
    shared: Arc<Shared>,
    io: Slotted<I>,
    client: Peer,
    protocol: Protocol,
) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Stage::until_aborted(&shared.clone(), async move {
        shared.note_full(client);
        if protocol == Protocol::Http1 {
            shared.acceptor.say_full(io).await;
        }
        None
    })
}

fn refusing_in_tls<I>(shared: &Arc<Shared>, refused: Refused<Slotted<I>>) -> Stage
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let acceptor = shared.acceptor.clone();
    Stage::until_aborted(shared, async move {
        refused.answer(&acceptor).await;
        None
    })
}
