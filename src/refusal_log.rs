//! The log lines of refusals, the repeated ones folded.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::count;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::sniff::Protocol;

/// A line that was written is only counted for so long.
const FOLD: Duration = Duration::from_secs(60);

/// So many different lines are counted apart; what comes on top shares one
/// line per protocol, without an address: neither the memory nor the log grows
/// with the number of clients.
const LINES_MOST: usize = 1024;

const IN_THE_CLEAR: &str = "a refused request carried credentials in the clear: have them replaced";

/// One line per refusal: who, what it spoke, what to do. A misconfigured
/// health check or a scanner would fill the log with the same one; so a line
/// that repeats itself is counted, and its number written after a minute.
#[derive(Default)]
pub(crate) struct RefusalLog(Mutex<HashMap<Line, Seen>>);

/// What the client spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spoke {
    pub(crate) protocol: Protocol,
    pub(crate) in_tls: bool,
}

impl fmt::Debug for RefusalLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusalLog").finish_non_exhaustive()
    }
}

/// What makes two lines the same: not the port.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Line {
    from: From,
    says: Says,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Says {
    /// A refused request carried these in the clear.
    Credentials(Credentials),
    /// Something else went wrong before there was a request, in these words.
    #[cfg(feature = "serve")]
    Failed(String),
    Refused(Spoke, Mismatch),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum From {
    /// One of so many that they are not told apart.
    Anybody,
    Ip(IpAddr),
    Unix,
}

struct Seen {
    written: Instant,
    repeated: u64,
}

impl RefusalLog {
    /// Writes the line of a refusal, or counts it.
    pub(crate) fn note(&self, peer: Peer, spoke: Spoke, mismatch: Mismatch) {
        count::refused(mismatch);
        if self.is_new(peer, Says::Refused(spoke, mismatch)) {
            tracing::info!(
                %peer,
                %spoke,
                remedy = mismatch.remedy(),
                "refused: {mismatch}",
            );
        }
    }

    /// As [`note`](Self::note), of secrets that anybody on the way has read.
    pub(crate) fn note_credentials(&self, peer: Peer, credentials: Credentials) {
        count::credentials();
        if self.is_new(peer, Says::Credentials(credentials)) {
            tracing::warn!(%peer, %credentials, "{IN_THE_CLEAR}");
        }
    }

    /// As [`note`](Self::note), of a client that did not get as far as a request.
    #[cfg(feature = "serve")]
    pub(crate) fn note_failure(&self, peer: Peer, what: String, remedy: Option<&'static str>) {
        if self.is_new(peer, Says::Failed(what.clone())) {
            tracing::info!(%peer, remedy, "{what}");
        }
    }

    /// Whether the line is to be written in full; otherwise it is counted.
    fn is_new(&self, peer: Peer, says: Says) -> bool {
        let now = Instant::now();
        let from = peer.ip().map_or(From::Unix, From::Ip);
        let mut line = Line { from, says };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= LINES_MOST && !lines.contains_key(&line) {
            write_due(&mut lines, now, FOLD);
            if lines.len() >= LINES_MOST {
                line.from = From::Anybody;
            }
        }
        if let Some(seen) = lines.get_mut(&line) {
            seen.repeated += 1;
            if now - seen.written >= FOLD {
                write_repeated(&line, seen);
                seen.written = now;
                seen.repeated = 0;
            }
            return false;
        }
        let seen = Seen {
            written: now,
            repeated: 0,
        };
        lines.insert(line, seen);
        true
    }

    /// Writes the numbers that are due.
    #[cfg(feature = "serve")]
    pub(crate) fn write_due(&self) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write_due(&mut lines, Instant::now(), FOLD);
    }

    /// Writes all numbers: nothing more is coming.
    #[cfg(feature = "serve")]
    pub(crate) fn write_all(&self) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write_due(&mut lines, Instant::now(), Duration::ZERO);
    }
}

fn write_due(lines: &mut HashMap<Line, Seen>, now: Instant, age: Duration) {
    lines.retain(|line, seen| {
        let due = now - seen.written >= age;
        if due && seen.repeated > 0 {
            write_repeated(line, seen);
        }
        !due
    });
}

fn write_repeated(line: &Line, seen: &Seen) {
    let (peer, times) = (line.from, seen.repeated);
    match &line.says {
        #[cfg(feature = "serve")]
        Says::Failed(what) => tracing::info!(%peer, "{what} (repeated {times} times)"),
        Says::Credentials(credentials) => {
            tracing::warn!(%peer, %credentials, "{IN_THE_CLEAR} (repeated {times} times)");
        }
        Says::Refused(spoke, mismatch) => {
            tracing::info!(%peer, %spoke, "refused: {mismatch} (repeated {times} times)");
        }
    }
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anybody => f.write_str("many addresses"),
            Self::Ip(ip) => ip.fmt(f),
            Self::Unix => Peer::Unix.fmt(f),
        }
    }
}

/// `HTTP/1`, or `HTTP/1 inside TLS`.
impl fmt::Display for Spoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.protocol.fmt(f)?;
        match self.in_tls {
            true => f.write_str(" inside TLS"),
            false => Ok(()),
        }
    }
}
