//! The first stage of a connection: what does the client speak?

use std::marker::PhantomData;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::accept_loop::Slotted;
use super::app::App;
use super::connection::{Shared, Stage, log};
use super::per_address::Crowd;
use super::stages::{handshaking, refusing, serving, turning_away};
use super::undecided::{End, For, Place};
use crate::accept::{FirstFlight, Sniffed};
use crate::peer::Peer;
use crate::policy::Route;
use crate::sniff::Protocol;

/// A connection and what is to serve it.
pub(super) struct Connection<I, A, Addr> {
    pub(super) io: Slotted<I>,
    pub(super) app: A,
    pub(super) addr: Addr,
}

/// By hand, for its size: it is all that a silent connection holds.
pub(super) struct Sniffing<I, A, Addr, K> {
    // None when it is over.
    connection: Option<Connection<I, A, Addr>>,
    first: FirstFlight,
    place: Place,
    kind: PhantomData<fn() -> K>,
}

impl<I, A, Addr, K> Sniffing<I, A, Addr, K>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Clone + Into<Peer> + Send + 'static,
    K: 'static,
{
    pub(super) fn new(shared: Arc<Shared>, connection: Connection<I, A, Addr>) -> Self {
        let peer = connection.addr.clone().into();
        Self {
            first: FirstFlight::new(&shared.acceptor, peer),
            connection: Some(connection),
            place: Place::new(shared),
            kind: PhantomData,
        }
    }

    /// The next stage, if there is one.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        let Some(Connection { io, .. }) = &mut self.connection else {
            return Poll::Ready(None);
        };
        let ended = match self.first.poll(io, cx) {
            Poll::Ready(verdict) => Ok(verdict),
            Poll::Pending => match self.place.poll_end(For::Verdict, cx) {
                Poll::Ready(end) => Err(end),
                Poll::Pending => return Poll::Pending,
            },
        };
        let Some(connection) = self.connection.take() else {
            return Poll::Ready(None);
        };
        let shared = self.place.shared().clone();
        let peer = connection.addr.clone().into();
        Poll::Ready(match ended {
            Ok(Ok(protocol)) => Some(self.decided(shared, connection, protocol, peer)),
            Ok(Err(error)) => {
                let peer = self.first.peer(peer);
                log(shared.acceptor.refusal_log(), peer, &error);
                None
            }
            Err(End::Draining) => None,
            Err(End::Evicted) => {
                shared.note_evicted(peer);
                None
            }
            Err(End::Late) => {
                let first = self.take_first();
                let peer = first.peer(peer);
                Some(Stage::until_aborted(&shared.clone(), async move {
                    let error = first.late(&shared.acceptor, connection.io).await;
                    log(shared.acceptor.refusal_log(), peer, &error);
                    None
                }))
            }
        })
    }

    fn decided(
        &mut self,
        shared: Arc<Shared>,
        connection: Connection<I, A, Addr>,
        protocol: Protocol,
        peer: Peer,
    ) -> Stage {
        let Connection { mut io, app, addr } = connection;
        let first = self.take_first();
        let client = first.peer(peer);
        let share = &mut io.guard_mut().share;
        if share.is_none() {
            *share = shared.share_of_client(client).map(Box::new);
        }
        if share.as_ref().is_some_and(|it| it.crowd() > Crowd::Fine) {
            return turning_away(shared, io, client, protocol);
        }
        let sniffed = Sniffed::new(io, first, protocol, peer, shared.home.clone());
        match sniffed.route(&shared.acceptor) {
            Route::Plaintext => {
                let accepted = shared.acceptor.plaintext(sniffed);
                serving(shared, accepted, app, addr)
            }
            Route::Refuse(mismatch) => refusing(shared, sniffed, mismatch),
            Route::Tls => {
                let mut place = mem::replace(&mut self.place, Place::new(shared));
                place.has_verdict();
                handshaking(place, sniffed, app, addr)
            }
        }
    }

    fn take_first(&mut self) -> FirstFlight {
        mem::take(&mut self.first)
    }
}

/// Nothing in it is pinned.
impl<I, A, Addr, K> Unpin for Sniffing<I, A, Addr, K> {}
