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

    /// For writing an explanation to a refused client [default: 5]
    #[arg(long, value_name = "SECS", value_parser = seconds, env = "ONEPORT_REFUSAL_TIMEOUT")]
    refusal_timeout: Option<Duration>,

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
            (&mut limits.refusal, self.refusal_timeout),
        ];
        for (limit, given) in given {
            *limit = given.unwrap_or(*limit);
        }
        if let Some(most) = self.max_connections {
            limits.connections = most as usize;
        }
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
