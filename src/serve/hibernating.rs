//! The stage of an HTTP/1 connection that has been idle for a while.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

use super::app::Answers;
use super::connection::{Shared, Stage};
use super::ended::{self, Ended};
use super::http1::{Http1, Parts};
use crate::io::poll_read_some;
use crate::lifecycle::{Phase, Reached};

pin_project! {
    /// Without hyper and its buffers, until the client sends something: 1.7 KB
    /// instead of 10.8, 9.5 instead of 22.9 inside TLS.
    ///
    /// It ends as an idle connection does under hyper: with the client's end,
    /// when the server drains, and after [`Limits::keep_alive_idle`], which goes
    /// on from where it was.
    ///
    /// [`Limits::keep_alive_idle`]: crate::Limits::keep_alive_idle
    pub(super) struct Hibernating<I, S> {
        shared: Arc<Shared>,
        #[pin]
        changed: Reached,
        // None when it is over.
        parts: Option<Parts<I, S>>,
    }
}

impl<I, S> Hibernating<I, S> {
    pub(super) fn new(shared: Arc<Shared>, parts: Parts<I, S>) -> Self {
        Self {
            shared,
            changed: Reached::default(),
            parts: Some(parts),
        }
    }
}

impl<I, S> Future for Hibernating<I, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    type Output = Option<Stage>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        let this = self.project();
        let shared = this.shared;
        let Some(parts) = this.parts else {
            return Poll::Ready(None);
        };
        let mut bytes = Vec::new();
        let limits = shared.acceptor.limits_kept();
        // As under hyper, a request that is there is answered, even if the server
        // is told to drain.
        let ended = match poll_read_some(Pin::new(&mut parts.io), cx, &mut bytes) {
            Poll::Ready(Ok(1..)) => {
                let awake = |parts| Awake::stage(shared.clone(), parts, bytes);
                return Poll::Ready(this.parts.take().map(awake));
            }
            Poll::Ready(Ok(0)) => Ended::ByHyper(Ok(())),
            Poll::Ready(Err(error)) => {
                let (id, peer) = (parts.info.id(), parts.info.peer());
                tracing::debug!(id, %peer, %error, "connection failed");
                return Poll::Ready(None);
            }
            Poll::Pending => match this.changed.poll(&shared.observer, Phase::Draining, cx) {
                Poll::Ready(()) => Ended::ByHyper(Ok(())),
                Poll::Pending => match parts.watch.poll_http1(parts.info.pace(), limits, cx) {
                    Poll::Ready(late) => Ended::Late(late),
                    Poll::Pending => return Poll::Pending,
                },
            },
        };
        Poll::Ready(this.parts.take().map(|Parts { io, info, .. }| {
            ended.log(&info, limits);
            let parting = ended::say_goodbye(shared.clone(), io);
            Stage::until_aborted(shared, parting)
        }))
    }
}

pin_project! {
    /// Served again.
    pub(super) struct Awake<I, S: Answers> {
        shared: Arc<Shared>,
        #[pin]
        changed: Reached,
        serving: Http1<I, S>,
    }
}

impl<I, S> Awake<I, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    pub(super) fn stage(shared: Arc<Shared>, mut parts: Parts<I, S>, read: Vec<u8>) -> Stage {
        parts.io.unread(read);
        Stage::new(Self {
            serving: Http1::of(&shared, parts),
            changed: Reached::default(),
            shared,
        })
    }
}

impl<I, S> Future for Awake<I, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    type Output = Option<Stage>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Stage>> {
        let this = self.project();
        this.serving.poll(this.shared, this.changed, cx)
    }
}
