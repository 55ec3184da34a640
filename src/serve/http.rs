//! One connection's HTTP, driven by hyper to its end.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::Duration;

use http::Version;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;
use tokio::time::Instant;

use super::accept_loop::Slotted;
use super::app::App;
use super::executor::Executor;
use super::requests::Requests;
use super::upgrade::{Close, Upgradable};
use super::watch::{Late, Watch};
use crate::accept::{Accepted, Acceptor};
use crate::answer::Late as Unfinished;
#[cfg(feature = "acme")]
use crate::challenge::AnswerChallenges;
use crate::conn_info::ConnInfo;
use crate::count;
use crate::lifecycle::{Observer, Phase};
use crate::limits::Limits;

/// hyper's settings for both versions. The version of a connection is known, so
/// its builder is called directly: hyper-util's `auto` would sniff again,
/// without a deadline (hyperium/hyper#3962).
pub(super) struct Http {
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<Executor>,
    executor: Executor,
    limits: Limits,
}

impl Http {
    pub(super) fn new(observer: Observer) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // For callers that set a deadline of hyper's, which would silently not
            // exist without.
            .timer(TokioTimer::new())
            // We have our own (`Watch`).
            .header_read_timeout(None)
            // A client that sends FIN after its request gets its answer.
            .half_close(true)
            .max_headers(100)
            .max_header_size(64 * 1024);
        let executor = Executor::new(observer);
        let mut http2 = http2::Builder::new(executor.clone());
        // Against one connection that hoards memory: with hyper's defaults a
        // zero window and 100 buffered 9 MB answers cost 879 MB.
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .initial_stream_window_size(256 * 1024)
            .initial_connection_window_size(1024 * 1024)
            .max_frame_size(16 * 1024)
            .max_header_list_size(16 * 1024)
            .max_send_buf_size(64 * 1024)
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(128)
            .keep_alive_interval(Duration::from_secs(20))
            .keep_alive_timeout(Duration::from_secs(10))
            // WebSockets over HTTP/2 (RFC 8441).
            .enable_connect_protocol();
        Self {
            http1,
            http2,
            executor,
            limits: Limits::default(),
        }
    }

    pub(super) fn apply(&mut self, limits: &Limits) {
        self.limits = limits.clone();
        self.executor.set_write_stall(limits.write_stall);
    }

    /// Called when all is set.
    pub(super) fn complete(&mut self) {
        // With half-close hyper reads only what the application wants. Without,
        // it also reads to see the client's end, which looks the same from
        // below. Which one is set hyper tells nobody but who debugs.
        if format!("{:?}", self.http1).contains("h1_half_close: false") {
            self.limits.body_idle = Duration::from_secs(365 * 24 * 60 * 60);
        }
    }

    /// Serves the connection until it ends or is upgraded. When the server
    /// drains, hyper finishes what is in flight and lets go of the rest.
    pub(super) async fn serve<I, A, Addr, K>(
        &self,
        accepted: Accepted<Slotted<I>>,
        app: A,
        addr: Addr,
        acceptor: &Acceptor,
        mut observer: Observer,
    ) where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        A: App<Addr, K>,
    {
        let Accepted { stream, info } = accepted;
        let app = match app.into_service(addr).await {
            Ok(app) => app,
            Err(error) => {
                tracing::warn!(peer = %info.peer(), error = &*error, "the make-service failed");
                return;
            }
        };
        #[cfg(feature = "acme")]
        let app = AnswerChallenges::new(app, acceptor.challenges());
        let http_version = info.http_version();
        let requests = Requests::new(app, info.clone());
        let close = match http_version {
            Version::HTTP_2 => Close::Linger {
                time: self.limits.linger,
                bytes: self.limits.linger_bytes,
            },
            _ => Close::AtOnce,
        };
        let io = TokioIo::new(Upgradable::new(stream, observer.clone(), close));
        let mut watch = Watch::new(&info, &self.limits);
        let mut draining = false;
        // In both loops hyper is polled first: it then has seen the bytes that
        // were read for the verdict before it is asked to wind down, and does
        // not take a request that is in flight for a connection without one.
        let ended = if http_version == Version::HTTP_2 {
            // Boxed, as all ends below are: an idle HTTP/1 connection is not to
            // be as large as what it never becomes.
            let mut connection = Box::pin(self.http2.serve_connection(io, requests));
            let mut goaway = None;
            loop {
                select! {
                    biased;
                    ended = connection.as_mut() => break Ended::ByHyper(ended),
                    () = observer.reached(Phase::Draining), if !draining => draining = true,
                    late = poll_fn(|cx| watch.poll_http2(goaway, cx)) => match late {
                        Late::Idle if goaway.is_none() => {
                            count::limit(Late::Idle.limit());
                            goaway = Some(Instant::now());
                        }
                        late => break Ended::Late(late),
                    },
                }
                connection.as_mut().graceful_shutdown();
            }
        } else {
            let connection = self.http1.serve_connection(io, requests);
            let mut connection = connection.with_upgrades();
            let ended = loop {
                let by_hyper = poll_fn(|cx| {
                    info.pace().begin_poll();
                    Pin::new(&mut connection).poll(cx)
                });
                select! {
                    biased;
                    ended = by_hyper => break Ended::ByHyper(ended),
                    () = observer.reached(Phase::Draining), if !draining => draining = true,
                    late = poll_fn(|cx| watch.poll_http1(cx)) => break Ended::Late(late),
                }
                Pin::new(&mut connection).graceful_shutdown();
            };
            match ended {
                Ended::Late(late) if !late.can_be_told() => Ended::Late(late),
                Ended::ByHyper(Ok(())) if !info.is_explained() => ended,
                Ended::ByHyper(Err(error)) if !error.is_timeout() => Ended::ByHyper(Err(error)),
                ended => match connection.into_parts() {
                    Some(parts) => {
                        let rest = parts.read_buf.trim_ascii();
                        let ended = ended.with_unread(rest);
                        let io = parts.io.into_inner();
                        return Box::pin(self.part(acceptor, io, &info, ended)).await;
                    }
                    None => ended,
                },
            }
        };
        ended.log(&info, &self.limits);
    }

    /// What a client is told, or given time for, when hyper is done with it.
    async fn part<I>(&self, acceptor: &Acceptor, io: I, info: &ConnInfo, ended: Ended)
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let limits = &self.limits;
        let say = match ended {
            Ended::Late(Late::Body) => Some(Unfinished::Body(limits.body_idle)),
            Ended::Late(Late::Head) => Some(Unfinished::Head(limits.request_head)),
            _ => None,
        };
        let explained = matches!(ended, Ended::ByHyper(_));
        ended.log(info, limits);
        match say {
            Some(late) => acceptor.say_late(io, late).await,
            // hyper has sent FIN, and read of an upload what was there.
            None if explained => acceptor.linger(io).await,
            // It could take an answer for that to its next request.
            None => acceptor.say_goodbye(io).await,
        }
    }
}

/// How a connection ended.
enum Ended {
    ByHyper(hyper::Result<()>),
    Late(Late),
}

impl Ended {
    /// A head that has begun is no idleness, and a stray line end is no head.
    /// (hyper's timer, where somebody has set it, does not tell the two apart.)
    fn with_unread(self, rest: &[u8]) -> Self {
        match self {
            Self::ByHyper(Ok(())) | Self::Late(Late::Body) => self,
            _ if rest.is_empty() => Self::Late(Late::Idle),
            _ => Self::Late(Late::Head),
        }
    }

    fn log(self, info: &ConnInfo, limits: &Limits) {
        let (id, peer) = (info.id(), info.peer());
        match self {
            Self::ByHyper(Ok(())) => tracing::debug!(id, %peer, "connection ended"),
            Self::ByHyper(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(id, %peer, error, "connection failed");
            }
            // The way of all connections.
            Self::Late(Late::Idle) => {
                count::limit(Late::Idle.limit());
                tracing::debug!(id, %peer, limit = Late::Idle.limit(), "idle connection closed");
            }
            Self::Late(late) => {
                info.note_limit(late.limit(), late.after(limits), late.sentence());
            }
        }
    }
}
