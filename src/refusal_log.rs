//! The log lines of refusals, the repeated ones folded.

mod line;
#[cfg(feature = "serve")]
mod words;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::count;
use crate::credentials::Credentials;
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::sniff::Protocol;
use line::{From, Line, Says, Sort};
#[cfg(feature = "serve")]
use words::Words;

/// A line that was written is only counted for so long.
const FOLD: Duration = Duration::from_secs(60);

/// So many different lines are counted apart; what comes on top shares one
/// line per sort, without an address: neither the memory nor the log grows
/// with the number of clients, nor with what they say.
const LINES_MOST: usize = 1024;

/// While it is full it is searched for what is due only so often.
const SWEEP: Duration = Duration::from_secs(1);

const IN_THE_CLEAR: &str = "a refused request carried credentials in the clear: have them replaced";

/// One line per refusal: who, what it spoke, what to do. A misconfigured
/// health check or a scanner would fill the log with the same one; so a line
/// that repeats itself is counted, and its number written after a minute.
#[derive(Default)]
pub(crate) struct RefusalLog(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    /// [`LINES_MOST`], and one more for each sort.
    seen: HashMap<Line, Seen>,
    swept: Option<Instant>,
}

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
    ///
    /// Those of a kind are counted together: its words are not to depend on what
    /// the client sent. `what` is the line of the first.
    #[cfg(feature = "serve")]
    pub(crate) fn note_failure(
        &self,
        peer: Peer,
        kind: impl fmt::Display,
        what: impl fmt::Display,
        remedy: Option<&'static str>,
    ) {
        if self.is_new(peer, Says::Failed(Words::of(kind))) {
            tracing::info!(%peer, remedy, "{what}");
        }
    }

    /// The same, of one that ran into a limit, in words that are always the same.
    #[cfg(feature = "serve")]
    pub(crate) fn note_limit(&self, peer: Peer, what: impl fmt::Display) {
        self.note_failure(peer, &what, &what, None);
    }

    /// Whether the line is to be written in full; otherwise it is counted.
    fn is_new(&self, peer: Peer, says: Says) -> bool {
        let now = Instant::now();
        let from = peer.ip().map_or(From::Unix, From::Ip);
        let mut line = Line { from, says };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_full() && !lines.seen.contains_key(&line) {
            lines.sweep(now);
            if lines.is_full() {
                line = line.on_top();
            }
        }
        if let Some(seen) = lines.seen.get_mut(&line) {
            seen.repeated += 1;
            if now - seen.written >= FOLD {
                write_repeated(&line, seen.repeated);
                seen.written = now;
                seen.repeated = 0;
            }
            return false;
        }
        let seen = Seen {
            written: now,
            repeated: 0,
        };
        lines.seen.insert(line, seen);
        true
    }

    /// Writes the numbers that are due.
    #[cfg(feature = "serve")]
    pub(crate) fn write_due(&self) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write_due(Instant::now(), FOLD);
    }

    /// Writes all numbers: nothing more is coming.
    #[cfg(feature = "serve")]
    pub(crate) fn write_all(&self) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.write_due(Instant::now(), Duration::ZERO);
    }
}

impl Lines {
    fn is_full(&self) -> bool {
        self.seen.len() >= LINES_MOST
    }

    /// Makes room, but not each time that somebody wants it: it looks at all of
    /// them, and everybody waits for the lock.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now - swept >= SWEEP) {
            self.swept = Some(now);
            self.write_due(now, FOLD);
        }
    }

    fn write_due(&mut self, now: Instant, age: Duration) {
        self.seen.retain(|line, seen| {
            let due = now - seen.written >= age;
            if due && seen.repeated > 0 {
                write_repeated(line, seen.repeated);
            }
            !due
        });
    }
}

/// Writes how often it has come since it was last written.
fn write_repeated(line: &Line, times: u64) {
    let peer = line.from;
    match &line.says {
        #[cfg(feature = "serve")]
        Says::Failed(what) => tracing::info!(%peer, "{what} (repeated {times} times)"),
        Says::Credentials(credentials) => {
            tracing::warn!(%peer, %credentials, "{IN_THE_CLEAR} (repeated {times} times)");
        }
        Says::Refused(spoke, mismatch) => {
            tracing::info!(%peer, %spoke, "refused: {mismatch} (repeated {times} times)");
        }
        Says::Several(Sort::Credentials) => {
            tracing::warn!(%peer, "{IN_THE_CLEAR} (repeated {times} times)");
        }
        #[cfg(feature = "serve")]
        Says::Several(Sort::Failed) => {
            tracing::info!(%peer, "failed before a request, for several reasons (repeated {times} times)");
        }
        Says::Several(Sort::Refused) => {
            tracing::info!(%peer, "refused, for several reasons (repeated {times} times)");
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

#[cfg(all(test, feature = "serve"))]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests {
    use std::net::SocketAddr;

    use tokio::time::advance;

    use super::*;

    fn host(number: u32) -> Peer {
        SocketAddr::from((0x0a00_0000_u32.wrapping_add(number).to_be_bytes(), 1)).into()
    }

    impl RefusalLog {
        fn lines(&self) -> usize {
            self.0.lock().unwrap().seen.len()
        }
    }

    /// A full map gave up the address of a new line and kept its words, and was
    /// searched for what is due with each of them: ten thousand names were ten
    /// thousand entries, and as many searches under the lock.
    #[tokio::test(start_paused = true)]
    async fn ten_thousand_kinds_from_ten_thousand_addresses() {
        let log = RefusalLog::default();
        let start = Instant::now();
        let spoke = Spoke {
            protocol: Protocol::Http1,
            in_tls: false,
        };
        for n in 0..10_000 {
            log.note_failure(host(n), n, n, None);
            log.note(host(n), spoke, Mismatch::PlaintextToTls);
            log.note_credentials(host(n), Credentials::default());
            assert!(log.lines() <= LINES_MOST + 3, "{n}: {}", log.lines());
            advance(Duration::from_micros(50)).await;
        }
        // Searched once, half a second ago.
        let swept = log.0.lock().unwrap().swept.unwrap();
        assert!(swept - start < Duration::from_millis(50), "{swept:?}");
        // Nothing is left of it two minutes later.
        advance(FOLD).await;
        log.write_due();
        assert_eq!(log.lines(), 0);
    }

    /// The same by one client: its names are in no key.
    #[tokio::test(start_paused = true)]
    async fn ten_thousand_names_are_one_line() {
        let log = RefusalLog::default();
        for n in 0..10_000 {
            let what = format_args!("the TLS handshake for \"{n}.test\" failed");
            log.note_failure(host(0), "the TLS handshake failed", what, None);
        }
        assert_eq!(log.lines(), 1);
    }

    /// There is room again for new lines once the old ones are a minute old.
    #[tokio::test(start_paused = true)]
    async fn a_full_log_makes_room() {
        let log = RefusalLog::default();
        for n in 0..3_000 {
            log.note_limit(host(n), "a limit");
        }
        assert_eq!(log.lines(), LINES_MOST + 1);
        advance(FOLD).await;
        log.note_limit(host(9_999), "a limit");
        assert_eq!(log.lines(), 1);
    }
}
