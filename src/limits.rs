//! Deadlines and bounds, with their defaults and reasons.

use std::time::Duration;

/// Deadlines and bounds of an `Acceptor` and of a server.
///
/// Nothing waits without a deadline: each of these can be changed, none can be
/// switched off. A duration of more than a year counts as a year.
///
/// ```
/// use std::time::Duration;
///
/// let mut limits = oneport::Limits::default();
/// limits.handshake = Duration::from_secs(3);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// From accept to the verdict on the first bytes, absolute, not per read.
    /// Default: 5 s (sslh 5, linkerd 10, nginx preread 30).
    pub sniff: Duration,
    /// From the verdict to a finished TLS handshake. Default: 10 s, as
    /// axum-server and tls-listener.
    pub handshake: Duration,
    /// From the end of the handshake to the verdict on the first decrypted
    /// bytes. Default: 10 s. hyper's own header timer does not cover it
    /// (hyperium/hyper#3756).
    pub first_request: Duration,
    /// For each HTTP/1 request head, counted from its first byte; absolute, not
    /// per read. Answered with 408. Default: 10 s.
    pub request_head: Duration,
    /// Between requests: an HTTP/1 connection on which no request has begun for
    /// so long is closed, and so is an HTTP/2 connection without a request in
    /// flight (GOAWAY). Default: 60 s (nginx 75).
    ///
    /// And all of what comes behind the response to an HTTP/1 request with a
    /// body: it may be the rest of that body, for an application that reads on
    /// when it has answered, or the next head. (Over HTTP/2 a request is in flight until
    /// its response is over.)
    ///
    /// It also bounds how long a client that has sent its end waits for the
    /// first, or the next, byte of its HTTP/1 response: whether it has only
    /// finished sending or has left cannot be told apart until something is
    /// written to it. Used by `serve`, not by a bare `Acceptor`.
    pub keep_alive_idle: Duration,
    /// For each next byte of an HTTP/1 request's body, while somebody waits for
    /// it and there is no response yet. Answered with 408. A body that the
    /// application does not read, or reads while it responds, has no limit
    /// (but a client that leaves meanwhile, see [`keep_alive_idle`](Self::keep_alive_idle)).
    /// Default: 30 s (nginx 60). Used by `serve`, not by a bare `Acceptor`.
    pub body_idle: Duration,
    /// For each next byte that a client takes of what is there for it: a client
    /// that takes nothing for so long is cut off; over HTTP/2, also the stream
    /// alone for which it opens no window. Not for upgraded connections
    /// (over HTTP/2 that is one stream: the connection keeps this one).
    /// Default: 30 s (nginx 60). Used by `serve`, not by a bare `Acceptor`.
    pub write_stall: Duration,
    /// For writing an explanation to a refused client. Default: 5 s, a budget
    /// of its own, so that a slow first flight still gets its explanation.
    pub refusal: Duration,
    /// After an explanation and FIN: how long what the client still sends is
    /// drained, so that the kernel does not answer it with RST, which would
    /// destroy the explanation. Default: 2 s.
    pub linger: Duration,
    /// As [`linger`](Self::linger), in bytes. Default: 16 MiB; measured: caps
    /// of 64 KiB and 1 MiB lose answers to uploading clients.
    pub linger_bytes: u64,
    /// So many connections linger at once; past it, refused connections are
    /// closed at once. Default: 1,024.
    pub lingering: usize,
    /// Open connections, upgraded ones included; above it, accepting pauses and
    /// the kernel's backlog absorbs. Default: 80 % of the file descriptor
    /// limit, at most 10,000; 0 counts as 1. Used by `serve`, not by a bare `Acceptor`.
    pub connections: usize,
    /// Of them, so many at once may be undecided: without a verdict yet, or
    /// shaking hands. One more, and the oldest of them is cut off: silent sockets
    /// do not keep others out (RUSTSEC-2024-0341). Default: none, which is a
    /// quarter of `connections`; 0 counts as 1. Used by `serve`, not by a bare `Acceptor`.
    pub undecided: Option<usize>,
    /// Open connections from one address: an IPv4 address, or an IPv6 network of
    /// 64 bits; behind a proxy that speaks the PROXY protocol, the client's. One
    /// more is told so (503), or closed if it speaks something else than plaintext HTTP/1; beyond twice as
    /// many are closed unread. Default: none, for many may share an address
    /// (NAT); 0 counts as 1. Used by `serve`, not by a bare `Acceptor`.
    pub per_address: Option<usize>,
    /// Of an HTTP/1 request's head, in bytes; one more is answered with 431. Also of a
    /// chunked body's trailers; one more is an error of the body, which the application
    /// gets. Default: 64 KiB (hyper 400). Used by `serve`, not by a
    /// bare `Acceptor`.
    pub request_head_bytes: usize,
    /// Header fields of an HTTP/1 request; one more is answered with 431. Also fields of
    /// its trailers; one more is an error of the body. Default: 100, as
    /// hyper; 1 to 10,000. Used by `serve`, not by a bare `Acceptor`.
    pub request_headers: usize,
    /// Of an HTTP/2 request's head, as RFC 9113 6.5.2 counts them
    /// (SETTINGS_MAX_HEADER_LIST_SIZE); a longer one is answered with 431. It also bounds
    /// the CONTINUATION frames of a head. Default: 16 KiB. Used by `serve`, not by a bare
    /// `Acceptor`.
    pub http2_head_bytes: u32,
    /// Requests in flight on one HTTP/2 connection (RFC 9113 5.1.2,
    /// SETTINGS_MAX_CONCURRENT_STREAMS). Default: 100, the least that the RFC
    /// recommends; 0 counts as 1. Used by `serve`, not by a bare `Acceptor`.
    pub http2_streams: u32,
    /// What a client may send of one request's body before the application reads, in bytes
    /// (RFC 9113 6.9.2, SETTINGS_INITIAL_WINDOW_SIZE). Default: 256 KiB; 1 to
    /// 2^31 - 1. Used by `serve`, not by a bare `Acceptor`.
    pub http2_stream_window: u32,
    /// As [`http2_stream_window`](Self::http2_stream_window), of all requests of one
    /// connection together (RFC 9113 6.9). Default: 1 MiB; 65,535 to 2^31 - 1. Used by
    /// `serve`, not by a bare `Acceptor`.
    pub http2_connection_window: u32,
    /// What is taken from the application of each response while its client opens no
    /// window, in bytes. Default: 64 KiB: with hyper's own, a zero window and 100 answers of
    /// 9 MB cost 879 MB. 1 to 2^32 - 1; one part of a body, of up to 64 KiB, is always taken. Used by `serve`, not by a bare `Acceptor`.
    pub http2_send_bytes: usize,
    /// Requests that a client has cancelled before the application saw them; one more, and the
    /// connection is ended: GOAWAY, ENHANCE_YOUR_CALM (rapid reset, CVE-2023-44487). Default:
    /// 20, as hyper. Used by `serve`, not by a bare `Acceptor`.
    pub http2_pending_resets: usize,
    /// Requests that the server has reset for a client's faults; one more, and the connection is
    /// ended in the same way (MadeYouReset, CVE-2025-8671). Default: 128. Used by `serve`,
    /// not by a bare `Acceptor`.
    pub http2_local_resets: usize,
    /// After so long without a frame an HTTP/2 client is sent a PING (RFC 9113 6.7).
    /// Default: 20 s; less than 1 s counts as 1 s. Used by `serve`, not by a bare `Acceptor`.
    pub http2_ping: Duration,
    /// For its answer; without one the connection is ended. Default: 10 s. Used by `serve`,
    /// not by a bare `Acceptor`.
    pub http2_pong: Duration,
    /// From the shutdown signal to the end of what is still in flight.
    /// Default: 10 s. Used by `serve`, not by a bare `Acceptor`.
    pub drain: Duration,
}

impl Limits {
    /// The same, with every duration one that can be added to the time of day:
    /// `Duration::MAX`, for "as long as it takes", overflows every clock, in
    /// tokio and in hyper.
    #[cfg_attr(not(feature = "accept"), expect(dead_code))]
    pub(crate) fn on_a_clock(mut self) -> Self {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        for limit in [
            &mut self.sniff,
            &mut self.handshake,
            &mut self.first_request,
            &mut self.request_head,
            &mut self.keep_alive_idle,
            &mut self.body_idle,
            &mut self.write_stall,
            &mut self.refusal,
            &mut self.linger,
            &mut self.http2_ping,
            &mut self.http2_pong,
            &mut self.drain,
        ] {
            *limit = YEAR.min(*limit);
        }
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sniff: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            first_request: Duration::from_secs(10),
            request_head: Duration::from_secs(10),
            keep_alive_idle: Duration::from_secs(60),
            body_idle: Duration::from_secs(30),
            write_stall: Duration::from_secs(30),
            refusal: Duration::from_secs(5),
            linger: Duration::from_secs(2),
            linger_bytes: 16 * 1024 * 1024,
            lingering: 1024,
            connections: default_connections(),
            undecided: None,
            per_address: None,
            request_head_bytes: 64 * 1024,
            request_headers: 100,
            http2_head_bytes: 16 * 1024,
            http2_streams: 100,
            http2_stream_window: 256 * 1024,
            http2_connection_window: 1024 * 1024,
            http2_send_bytes: 64 * 1024,
            http2_pending_resets: 20,
            http2_local_resets: 128,
            http2_ping: Duration::from_secs(20),
            http2_pong: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// Ten thousand, or 80 % of the file descriptors this process may open: the
/// rest is for the application's files and upstream connections.
fn default_connections() -> usize {
    const MOST: u64 = 10_000;
    #[cfg(all(unix, feature = "serve"))]
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile)
        .current
        .map_or(MOST, |soft| (soft / 5 * 4).max(1));
    #[cfg(not(all(unix, feature = "serve")))]
    let descriptors = MOST;
    descriptors.min(MOST) as usize
}
