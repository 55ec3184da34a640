//! One HTTP/1 connection, driven by hyper to its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::server::conn::http1::UpgradeableConnection;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::accept_loop::Slotted;
use super::app::Answers;
use super::connection::{Shared, Stage};
use super::ended::{self, Ended};
use super::requests::Requests;
use super::upgrade::Upgradable;
use super::watch::Watch;
use crate::accept::Accepted;
use crate::conn_info::ConnInfo;
use crate::lifecycle::{Phase, Reached};

/// What an idle HTTP/1 connection holds.
pub(super) struct Http1<I, S: Answers> {
    // None when it is over.
    connection: Option<UpgradeableConnection<TokioIo<Upgradable<I>>, Requests<S>>>,
    info: ConnInfo,
    watch: Watch,
    draining: bool,
}

impl<I, S> Http1<I, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    pub(super) fn new(shared: &Shared, accepted: Accepted<Slotted<I>>, app: S) -> Self {
        let Accepted { stream, info } = accepted;
        let io = TokioIo::new(Upgradable::new(stream, None));
        let requests = Requests::new(app, info.clone());
        let connection = shared.http.http1.serve_connection(io, requests);
        Self {
            connection: Some(connection.with_upgrades()),
            watch: Watch::new(&info),
            info,
            draining: false,
        }
    }

    /// Until the connection ends or is upgraded. When the server drains, hyper
    /// finishes what is in flight and lets go of the rest.
    pub(super) fn poll(
        &mut self,
        shared: &Arc<Shared>,
        mut changed: Pin<&mut Reached>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Stage>> {
        let limits = shared.acceptor.limits_kept();
        loop {
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(None);
            };
            let mut connection = Pin::new(connection);
            // hyper comes first: it then has seen the bytes that were read for
            // the verdict before it is asked to wind down, and does not take a
            // request that is in flight for a connection without one.
            self.info.pace().begin_poll();
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(self.end(shared, Ended::ByHyper(ended)));
            }
            let next = match self.draining {
                true => Phase::Aborted,
                false => Phase::Draining,
            };
            if changed
                .as_mut()
                .poll(&shared.observer, next, cx)
                .is_pending()
            {
                let late = self.watch.poll_http1(self.info.pace(), limits, cx);
                return late.map(|late| self.end(shared, Ended::Late(late)));
            }
            if self.draining {
                return Poll::Ready(None);
            }
            self.draining = true;
            connection.graceful_shutdown();
        }
    }

    /// What comes then, if hyper leaves something to be done.
    fn end(&mut self, shared: &Arc<Shared>, ended: Ended) -> Option<Stage> {
        let parts = match &ended {
            Ended::Late(late) if !late.can_be_told() => None,
            Ended::ByHyper(Ok(())) if !self.info.is_explained() => None,
            Ended::ByHyper(Err(error)) if !error.is_timeout() => None,
            _ => self.connection.take()?.into_parts(),
        };
        self.connection = None;
        let Some(parts) = parts else {
            ended.log(&self.info, shared.acceptor.limits_kept());
            return None;
        };
        let ended = ended.with_unread(parts.read_buf.trim_ascii());
        let parting = ended::part(
            shared.clone(),
            parts.io.into_inner(),
            self.info.clone(),
            ended,
        );
        Some(Stage::until_aborted(shared, parting))
    }
}
