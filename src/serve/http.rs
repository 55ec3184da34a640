//! hyper's settings.

use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::TokioTimer;

use super::executor::Executor;
use crate::lifecycle::Observer;
use crate::limits::Limits;

/// hyper's settings for both versions. The version of a connection is known, so
/// its builder is called directly: hyper-util's `auto` would sniff again,
/// without a deadline (hyperium/hyper#3962).
pub(super) struct Http {
    pub(super) http1: http1::Builder,
    pub(super) http2: http2::Builder<Executor>,
    /// Whether a long idle HTTP/1 connection may be taken from hyper.
    pub(super) hibernates: bool,
    executor: Executor,
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
            hibernates: true,
            executor,
        }
    }

    /// Called when all is set.
    pub(super) fn complete(&mut self, limits: &mut Limits) {
        self.executor.set_write_stall(limits.write_stall);
        // What is set hyper tells nobody but who debugs.
        let http1 = format!("{:?}", self.http1);
        // With half-close hyper reads only what the application wants. Without,
        // it also reads to see the client's end, which looks the same from
        // below.
        if http1.contains("h1_half_close: false") {
            limits.body_idle = Duration::from_secs(365 * 24 * 60 * 60);
        }
        // A deadline of hyper's would begin again with each sleep.
        self.hibernates = http1.contains("h1_header_read_timeout: Configured(None)");
    }
}
