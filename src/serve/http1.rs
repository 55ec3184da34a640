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
use super::hibernating::{Awake, Hibernating};
use super::requests::Requests;
use super::upgrade::Upgradable;
use super::watch::Watch;
use crate::accept::Accepted;
use crate::conn_info::ConnInfo;
use crate::lifecycle::{Phase, Reached};

/// What a served HTTP/1 connection holds.
pub(super) struct Http1<I, S: Answers> {
    // None when it is over, or hibernates.
    connection: Option<UpgradeableConnection<TokioIo<Upgradable<I>>, Requests<S>>>,
    info: ConnInfo,
    watch: Watch,
    draining: bool,
}

/// The same without hyper.
pub(super) struct Parts<I, S> {
    pub(super) io: Upgradable<I>,
    pub(super) app: S,
    pub(super) info: ConnInfo,
    pub(super) watch: Watch,
}

impl<I, S> Http1<I, S>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    pub(super) fn new(shared: &Shared, accepted: Accepted<Slotted<I>>, app: S) -> Self {
        let Accepted { stream, info } = accepted;
        let parts = Parts {
            io: Upgradable::new(stream, None),
            app,
            watch: Watch::new(&info),
            info,
        };
        Self::of(shared, parts)
    }

    /// hyper reads first what has been read ahead.
    pub(super) fn of(shared: &Shared, parts: Parts<I, S>) -> Self {
        let Parts {
            io,
            app,
            info,
            watch,
        } = parts;
        let requests = Requests::new(app, info.clone());
        let io = TokioIo::new(io);
        let connection = shared.http.http1.serve_connection(io, requests);
        Self {
            connection: Some(connection.with_upgrades()),
            info,
            watch,
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
                let pace = self.info.pace();
                if shared.http.hibernates && self.watch.poll_long_idle(pace, cx).is_ready() {
                    return Poll::Ready(self.hibernate(shared));
                }
                let late = self.watch.poll_http1(pace, limits, cx);
                return late.map(|late| self.end(shared, Ended::Late(late)));
            }
            if self.draining {
                return Poll::Ready(None);
            }
            self.draining = true;
            connection.graceful_shutdown();
        }
    }

    /// Goes on without hyper, which has nothing to read and nothing to write.
    fn hibernate(&mut self, shared: &Arc<Shared>) -> Option<Stage> {
        let parts = self.connection.take()?.into_parts()?;
        let read = parts.read_buf;
        let parts = Parts {
            io: parts.io.into_inner(),
            app: parts.service.into_app(),
            info: self.info.clone(),
            watch: std::mem::replace(&mut self.watch, Watch::new(&self.info)),
        };
        // A line end behind the last request (RFC 9112 2.2) is nothing; what else
        // hyper has is the beginning of a head, which has its own deadline then.
        if !read.trim_ascii().is_empty() {
            return Some(Awake::stage(shared.clone(), parts, read.into()));
        }
        let (id, peer) = (parts.info.id(), parts.info.peer());
        tracing::trace!(id, %peer, "idle connection hibernates");
        Some(Stage::new(Hibernating::new(shared.clone(), parts)))
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
        let behind = self.info.pace().look().is_behind_body();
        let ended = ended.with_unread(parts.read_buf.trim_ascii(), behind);
        let parting = ended::part(
            shared.clone(),
            parts.io.into_inner(),
            self.info.clone(),
            ended,
        );
        Some(Stage::until_aborted(shared, parting))
    }
}
