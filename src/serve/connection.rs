//! One connection's task: stages that return the next stage.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

use super::app::App;
use super::caught::Noted;
use super::http::Http;
use super::per_address::{PerAddress, Share};
use super::sniffing::Sniffing;
use super::undecided::Undecided;
use crate::accept::{AcceptError, Acceptor};
use crate::conn_info::Home;
use crate::count;
use crate::lifecycle::{Observer, Phase, Reached};
use crate::peer::Peer;
use crate::refusal_log::RefusalLog;

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) acceptor: Acceptor,
    pub(super) home: Arc<Home>,
    pub(super) http: Http,
    pub(super) observer: Observer,
    pub(super) undecided: Undecided,
    pub(super) per_address: Option<Arc<PerAddress>>,
}

impl Shared {
    /// Of a connection whose first bytes are the client's own. (A proxy's
    /// clients have one each.)
    pub(super) fn share_of_socket(&self, peer: Peer) -> Option<Share> {
        let per_address = self.per_address.as_ref()?;
        match self.acceptor.expects_proxy(peer) {
            true => None,
            false => per_address.share(peer),
        }
    }

    /// Of a connection whose client is known.
    pub(super) fn share_of_client(&self, client: Peer) -> Option<Share> {
        self.per_address.as_ref()?.share(client)
    }

    /// One line for a client whose address has too many connections.
    pub(super) fn note_full(&self, peer: Peer) {
        count::limit("per_address");
        let most = self.per_address.as_ref().map_or(0, |it| it.most());
        let what =
            format_args!("more than {most} connections from one address (Limits::per_address)");
        self.acceptor.refusal_log().note_limit(peer, what);
    }

    /// One line for a client that made room for others.
    pub(super) fn note_evicted(&self, peer: Peer) {
        count::limit("undecided");
        let most = self.undecided.most();
        let what = format_args!(
            "more than {most} connections had sent no request yet: the oldest made room (Limits::undecided)"
        );
        self.acceptor.refusal_log().note_limit(peer, what);
    }
}

/// Runs a connection to its end.
///
/// A task keeps the size of its largest state for life; so only the first
/// stage, in which silent connections stay, is in it, and every other is a
/// future of its own, on the heap, which goes when the next one begins.
pub(super) enum Task<I, A, Addr, K> {
    Sniffing(Sniffing<I, A, Addr, K>),
    Later(Stage),
}

impl<I, A, Addr, K> Future for Task<I, A, Addr, K>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Clone + Into<Peer> + Send + 'static,
    K: 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let _noted = Noted;
        loop {
            let next = match this {
                Self::Sniffing(sniffing) => ready!(sniffing.poll(cx)),
                Self::Later(stage) => ready!(stage.0.as_mut().poll(cx)),
            };
            match next {
                Some(stage) => *this = Self::Later(stage),
                None => return Poll::Ready(()),
            }
        }
    }
}

/// A stage of a connection's life after the first: returns the next.
pub(super) struct Stage(Pin<Box<dyn Future<Output = Option<Stage>> + Send>>);

impl Stage {
    /// Of a future that sees to its own end when the server aborts.
    pub(super) fn new(future: impl Future<Output = Option<Self>> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }

    /// Ends when the server aborts, whatever it is at.
    pub(super) fn until_aborted(
        shared: &Shared,
        future: impl Future<Output = Option<Self>> + Send + 'static,
    ) -> Self {
        Self::new(UntilAborted {
            future,
            observer: shared.observer.clone(),
            aborted: Reached::default(),
        })
    }
}

pin_project! {
    // Not an async block: that would hold the future twice.
    struct UntilAborted<F> {
        #[pin]
        future: F,
        observer: Observer,
        #[pin]
        aborted: Reached,
    }
}

impl<F: Future<Output = Option<Stage>>> Future for UntilAborted<F> {
    type Output = Option<Stage>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        let this = self.project();
        if let Poll::Ready(next) = this.future.poll(cx) {
            return Poll::Ready(next);
        }
        this.aborted
            .poll(this.observer, Phase::Aborted, cx)
            .map(|()| None)
    }
}

/// One line for a connection that ended before it was served.
pub(super) fn log(log: &RefusalLog, peer: Peer, error: &AcceptError) {
    let cause = error.source().map(tracing::field::display);
    match error {
        // CAs, health checks, scanners, browsers that connect in advance.
        AcceptError::AcmeChallenge | AcceptError::Closed { .. } | AcceptError::Io(_) => {
            tracing::debug!(%peer, cause, "{error}");
        }
        _ => match error.source() {
            Some(source) => {
                let what = format_args!("{error}: {source}");
                log.note_failure(peer, error.kind(), what, error.remedy());
            }
            None => log.note_failure(peer, error.kind(), error, error.remedy()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::Ready;
    use std::net::SocketAddr;

    use http::{Request, Response};
    use hyper::body::Incoming;
    use tokio::net::TcpStream;

    use super::super::PerRequest;
    use super::*;

    type Answer = Ready<Result<Response<String>, Infallible>>;

    /// What the smallest application's is: `benches/memory` counts what tokio and
    /// the allocator make of it.
    #[test]
    fn a_silent_connection_is_small() {
        fn size<A: App<SocketAddr, PerRequest>>(_: A) -> usize {
            size_of::<Task<TcpStream, A, SocketAddr, PerRequest>>()
        }
        let app = tower::service_fn(|_: Request<Incoming>| -> Answer { unreachable!() });
        assert!(size(app) <= 176, "{}", size(app));
    }
}
