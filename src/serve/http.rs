//! One connection's HTTP, driven by hyper to its end.

use std::time::Duration;

use http::Version;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;

use super::app::App;
use super::executor::Executor;
use super::requests::Requests;
use super::upgrade::{Close, Upgradable};
use crate::accept::{Accepted, Acceptor};
#[cfg(feature = "acme")]
use crate::challenge::AnswerChallenges;
use crate::lifecycle::{Observer, Phase};
use crate::limits::Limits;

/// hyper's settings for both versions. The version of a connection is known, so
/// its builder is called directly: hyper-util's `auto` would sniff again,
/// without a deadline (hyperium/hyper#3962).
pub(super) struct Http {
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<Executor>,
    request_head: Duration,
    linger: Duration,
    linger_bytes: u64,
}

impl Http {
    pub(super) fn new(observer: Observer) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // Without a timer hyper's header deadline silently does not exist.
            .timer(TokioTimer::new())
            // A client that sends FIN after its request gets its answer.
            .half_close(true)
            .max_headers(100)
            .max_header_size(64 * 1024);
        let mut http2 = http2::Builder::new(Executor::new(observer));
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
        let Limits {
            request_head,
            linger,
            linger_bytes,
            ..
        } = Limits::default();
        Self {
            http1,
            http2,
            request_head,
            linger,
            linger_bytes,
        }
    }

    pub(super) fn apply(&mut self, limits: &Limits) {
        self.request_head = limits.request_head;
        self.linger = limits.linger;
        self.linger_bytes = limits.linger_bytes;
        self.http1.header_read_timeout(limits.request_head);
    }

    /// Serves the connection until it ends or is upgraded. When the server
    /// drains, hyper finishes what is in flight and lets go of the rest.
    pub(super) async fn serve<I, A, Addr, K>(
        &self,
        accepted: Accepted<I>,
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
                time: self.linger,
                bytes: self.linger_bytes,
            },
            _ => Close::AtOnce,
        };
        let io = TokioIo::new(Upgradable::new(stream, observer.clone(), close));
        // In both loops hyper is polled first: it then has seen the bytes that
        // were read for the verdict before it is asked to wind down, and does
        // not take a request that is in flight for a connection without one.
        let ended = if http_version == Version::HTTP_2 {
            // Boxed, as all ends below are: an idle HTTP/1 connection is not to
            // be as large as what it never becomes.
            let mut connection = Box::pin(self.http2.serve_connection(io, requests));
            select! {
                biased;
                ended = connection.as_mut() => ended,
                () = observer.reached(Phase::Draining) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        } else {
            let connection = self.http1.serve_connection(io, requests);
            let mut connection = connection.with_upgrades();
            let ended = select! {
                biased;
                ended = &mut connection => ended,
                () = observer.reached(Phase::Draining) => {
                    std::pin::Pin::new(&mut connection).graceful_shutdown();
                    (&mut connection).await
                }
            };
            if ended.as_ref().is_err_and(hyper::Error::is_timeout) {
                if let Some(parts) = connection.into_parts() {
                    let io = parts.io.into_inner();
                    match parts.read_buf.trim_ascii().is_empty() {
                        // It was idle.
                        true => Box::pin(acceptor.say_goodbye(io)).await,
                        false => Box::pin(acceptor.say_late(io, self.request_head)).await,
                    }
                }
            } else if ended.is_ok() && info.is_explained() {
                // hyper has sent FIN, and read of an upload what was there.
                if let Some(parts) = connection.into_parts() {
                    Box::pin(acceptor.linger(parts.io.into_inner())).await;
                }
            }
            ended
        };
        match ended {
            Ok(()) => tracing::debug!(id = info.id(), peer = %info.peer(), "connection ended"),
            Err(error) => {
                tracing::debug!(
                    id = info.id(),
                    peer = %info.peer(),
                    error = &error as &dyn std::error::Error,
                    "connection failed",
                );
            }
        }
    }
}
