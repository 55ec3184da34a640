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
    /// Whether hyper may hold an answer until the next request is whole
    /// (`pipeline_flush`).
    pub(super) pipelines: bool,
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
            .half_close(true);
        let executor = Executor::new(observer);
        let mut http2 = http2::Builder::new(executor.clone());
        http2
            .timer(TokioTimer::new())
            .max_frame_size(16 * 1024)
            // WebSockets over HTTP/2 (RFC 8441).
            .enable_connect_protocol();
        Self {
            http1,
            http2,
            hibernates: true,
            pipelines: false,
            executor,
        }
    }

    /// What hyper and h2 see to.
    pub(super) fn limit(&mut self, limits: &Limits) {
        // RFC 9113 6.9.1 and 6.9.2.
        const LEAST_WINDOW: u32 = 65_535;
        const MOST_WINDOW: u32 = (1 << 31) - 1;
        let send_bytes = limits.http2_send_bytes.clamp(1, u32::MAX as usize);
        self.http1
            .max_headers(limits.request_headers.clamp(1, 10_000))
            .max_header_size(limits.request_head_bytes);
        self.http2
            .max_concurrent_streams(limits.http2_streams.max(1))
            .initial_stream_window_size(limits.http2_stream_window.clamp(1, MOST_WINDOW))
            .initial_connection_window_size(
                limits
                    .http2_connection_window
                    .clamp(LEAST_WINDOW, MOST_WINDOW),
            )
            .max_header_list_size(limits.http2_head_bytes)
            .max_send_buf_size(send_bytes)
            .max_pending_accept_reset_streams(limits.http2_pending_resets)
            .max_local_error_reset_streams(limits.http2_local_resets)
            .keep_alive_interval(limits.http2_ping.max(Duration::from_secs(1)))
            .keep_alive_timeout(limits.http2_pong);
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
        self.pipelines = !http1.contains("pipeline_flush: false");
        // A deadline of hyper's would begin again with each sleep.
        self.hibernates =
            http1.contains("h1_header_read_timeout: Configured(None)") && !self.pipelines;
    }
}
