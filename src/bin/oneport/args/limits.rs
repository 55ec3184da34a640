//! How long clients may take, and how many there may be.

use std::time::Duration;

use clap::Args;
use oneport::Limits;

/// Deadlines are in seconds; none can be switched off.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// For a connection's first bytes, which say what it speaks [default: 5]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_SNIFF_TIMEOUT")]
    sniff_timeout: Option<Duration>,

    /// For the TLS handshake [default: 10]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_HANDSHAKE_TIMEOUT")]
    handshake_timeout: Option<Duration>,

    /// For the first byte of a request after the handshake [default: 10]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_FIRST_REQUEST_TIMEOUT")]
    first_request_timeout: Option<Duration>,

    /// For an HTTP/1 request's head, from its first byte (408) [default: 10]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_REQUEST_HEAD_TIMEOUT")]
    request_head_timeout: Option<Duration>,

    /// Between requests; and for clients that have sent their end, until
    /// something is written to them [default: 60]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_KEEP_ALIVE_IDLE")]
    keep_alive_idle: Option<Duration>,

    /// For each next byte of an HTTP/1 request's body (408) [default: 30]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_BODY_IDLE")]
    body_idle: Option<Duration>,

    /// For each next byte that a client takes of a response [default: 30]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_WRITE_STALL")]
    write_stall: Option<Duration>,

    /// After so long without a frame an HTTP/2 client is sent a PING [default: 20]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_HTTP2_PING_INTERVAL")]
    http2_ping_interval: Option<Duration>,

    /// For its answer [default: 10]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_HTTP2_PING_TIMEOUT")]
    http2_ping_timeout: Option<Duration>,

    /// For writing an explanation to a refused client [default: 5]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_REFUSAL_TIMEOUT")]
    refusal_timeout: Option<Duration>,

    /// After an explanation: what a client still sends is read for so long, and
    /// thrown away [default: 2]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_LINGER_TIMEOUT")]
    linger_timeout: Option<Duration>,

    /// And so much of it [default: 16777216]
    #[arg(long, value_name = "BYTES", env = "ONEPORT_MAX_LINGER_BYTES")]
    max_linger_bytes: Option<u64>,

    /// Clients at once for whom that is done [default: 1024]
    #[arg(long, value_name = "N", env = "ONEPORT_MAX_LINGERING")]
    max_lingering: Option<u32>,

    /// Open connections at once; above it the kernel's backlog absorbs [default: 80 %
    /// of the file descriptor limit, at most 10000]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        env = "ONEPORT_MAX_CONNECTIONS"
    )]
    max_connections: Option<u32>,

    /// Of them, so many may have sent no request yet: one more, and the oldest is
    /// cut off [default: a quarter of --max-connections]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        env = "ONEPORT_MAX_UNDECIDED"
    )]
    max_undecided: Option<u32>,

    /// Open connections from one IPv4 address, or one IPv6 /64 (503) [default: no
    /// limit]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..),
        env = "ONEPORT_MAX_PER_IP"
    )]
    max_per_ip: Option<u32>,

    /// Of an HTTP/1 request's head (431) [default: 65536]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..), env = "ONEPORT_MAX_REQUEST_HEAD_BYTES")]
    max_request_head_bytes: Option<u32>,

    /// Header fields of an HTTP/1 request (431) [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), env = "ONEPORT_MAX_REQUEST_HEADERS")]
    max_request_headers: Option<u32>,

    /// Of an HTTP/2 request's head (431) [default: 16384]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..), env = "ONEPORT_HTTP2_MAX_HEAD_BYTES")]
    http2_max_head_bytes: Option<u32>,

    /// Requests in flight on one HTTP/2 connection [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), env = "ONEPORT_HTTP2_MAX_STREAMS")]
    http2_max_streams: Option<u32>,

    /// What a client may send of one HTTP/2 request's body before it is read
    /// [default: 262144]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=0x7fff_ffff), env = "ONEPORT_HTTP2_STREAM_WINDOW")]
    http2_stream_window: Option<u32>,

    /// And of all requests of one connection [default: 1048576]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(65_535..=0x7fff_ffff), env = "ONEPORT_HTTP2_CONNECTION_WINDOW")]
    http2_connection_window: Option<u32>,

    /// What is kept of each HTTP/2 response for a client that opens no window
    /// [default: 65536]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..), env = "ONEPORT_HTTP2_SEND_BYTES")]
    http2_send_bytes: Option<u32>,

    /// HTTP/2 requests that a client has cancelled before they were looked at: one
    /// more ends the connection [default: 20]
    #[arg(long, value_name = "N", env = "ONEPORT_HTTP2_MAX_PENDING_RESETS")]
    http2_max_pending_resets: Option<u32>,

    /// HTTP/2 requests that were reset for a client's faults: one more ends the
    /// connection [default: 128]
    #[arg(long, value_name = "N", env = "ONEPORT_HTTP2_MAX_LOCAL_RESETS")]
    http2_max_local_resets: Option<u32>,
}

impl LimitArgs {
    /// What was asked for, and the defaults.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let given = [
            (&mut limits.sniff, self.sniff_timeout),
            (&mut limits.handshake, self.handshake_timeout),
            (&mut limits.first_request, self.first_request_timeout),
            (&mut limits.request_head, self.request_head_timeout),
            (&mut limits.keep_alive_idle, self.keep_alive_idle),
            (&mut limits.body_idle, self.body_idle),
            (&mut limits.write_stall, self.write_stall),
            (&mut limits.http2_ping, self.http2_ping_interval),
            (&mut limits.http2_pong, self.http2_ping_timeout),
            (&mut limits.refusal, self.refusal_timeout),
            (&mut limits.linger, self.linger_timeout),
        ];
        for (limit, given) in given {
            *limit = given.unwrap_or(*limit);
        }
        let given = [
            (&mut limits.lingering, self.max_lingering),
            (&mut limits.connections, self.max_connections),
            (&mut limits.request_head_bytes, self.max_request_head_bytes),
            (&mut limits.request_headers, self.max_request_headers),
            (&mut limits.http2_send_bytes, self.http2_send_bytes),
            (
                &mut limits.http2_pending_resets,
                self.http2_max_pending_resets,
            ),
            (&mut limits.http2_local_resets, self.http2_max_local_resets),
        ];
        for (limit, given) in given {
            *limit = given.map_or(*limit, |most| most as usize);
        }
        let given = [
            (&mut limits.http2_head_bytes, self.http2_max_head_bytes),
            (&mut limits.http2_streams, self.http2_max_streams),
            (&mut limits.http2_stream_window, self.http2_stream_window),
            (
                &mut limits.http2_connection_window,
                self.http2_connection_window,
            ),
        ];
        for (limit, given) in given {
            *limit = given.unwrap_or(*limit);
        }
        limits.linger_bytes = self.max_linger_bytes.unwrap_or(limits.linger_bytes);
        limits.undecided = self.max_undecided.map(|most| most as usize);
        limits.per_address = self.max_per_ip.map(|most| most as usize);
        limits
    }
}

/// A day at most; 0 would end every connection.
fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 86400 is expected".to_owned()),
    }
}
