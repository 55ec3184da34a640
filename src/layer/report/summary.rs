//! What was counted, for people and for programs.

use std::cmp::Reverse;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::tally::{AGENTS_MOST, CLIENTS_MOST, Row, Tally};
use super::utc::Utc;

/// What a [`ReportPlaintext`](super::ReportPlaintext) has counted: a handle
/// that can be read at any time, and displays as a summary for people.
///
/// ```text
/// plaintext: 1204 requests from 2 clients since 2026-03-01T08:00:00Z
///   1200  192.0.2.7  curl/8.5.0  2026-03-01T08:01:12Z to 2026-03-01T09:30:00Z
///      4  192.0.2.9  no user agent  2026-03-01T08:05:00Z to 2026-03-01T08:05:09Z
/// ```
///
/// ```
/// use oneport::layer::ReportPlaintext;
///
/// let report = ReportPlaintext::new().report();
/// if report.total() == 0 {
///     println!("plaintext can be turned off");
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PlaintextReport(Arc<Mutex<Tally>>);

/// A client that has used plaintext: an address and a user agent.
///
/// ```
/// use oneport::layer::ReportPlaintext;
///
/// let report = ReportPlaintext::new().report();
/// for client in report.clients() {
///     println!("{:?} {:?}: {}", client.ip, client.user_agent, client.requests);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaintextClient {
    /// Its address; none for a client of a Unix socket.
    pub ip: Option<IpAddr>,
    /// Its user agent, the first 100 bytes of it, with everything but printable
    /// ASCII escaped as in Rust; none if it sent none.
    pub user_agent: Option<String>,
    /// How many requests it has sent, at least 1.
    pub requests: u64,
    /// When the first request came.
    pub first: SystemTime,
    /// When the last request came.
    pub last: SystemTime,
}

impl PlaintextReport {
    pub(super) fn of(tally: Arc<Mutex<Tally>>) -> Self {
        Self(tally)
    }

    /// How many plaintext requests there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.tally().total()
    }

    /// How many of them came from clients that are not in
    /// [`clients`](Self::clients), for want of a place.
    #[must_use]
    pub fn others(&self) -> u64 {
        self.tally().others()
    }

    /// Who has sent them, the busiest first: 1,000 at most, with 16 user agents
    /// of one address at most.
    #[must_use]
    pub fn clients(&self) -> Vec<PlaintextClient> {
        clients(&self.tally())
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Several lines, the last one without a line break.
impl fmt::Display for PlaintextReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = self.tally();
        let (clients, since) = (clients(&tally), tally.since());
        let (total, others) = (tally.total(), tally.others());
        // Not while somebody reads it slowly.
        drop(tally);
        write!(
            f,
            "plaintext: {} from {} since {}",
            counted(total, "request"),
            counted(clients.len() as u64, "client"),
            Utc(since),
        )?;
        let widest = clients
            .first()
            .map_or(0, |client| client.requests)
            .max(others);
        let width = widest.to_string().len();
        for client in &clients {
            write!(f, "\n  {:width$}  {client}", client.requests)?;
        }
        if others > 0 {
            write!(
                f,
                "\n  {others:width$}  others (beyond {CLIENTS_MOST} clients, or {AGENTS_MOST} user agents of one address)",
            )?;
        }
        Ok(())
    }
}

/// Everything but the number of requests.
impl fmt::Display for PlaintextClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ip {
            Some(ip) => write!(f, "{ip}  ")?,
            None => f.write_str("unix  ")?,
        }
        let agent = self.user_agent.as_deref().unwrap_or("no user agent");
        write!(f, "{agent}  {} to {}", Utc(self.first), Utc(self.last))
    }
}

fn clients(tally: &Tally) -> Vec<PlaintextClient> {
    let client = |(ip, row): (_, &Row)| PlaintextClient {
        ip,
        user_agent: row
            .agent
            .as_deref()
            .map(|agent| agent.escape_ascii().to_string()),
        requests: row.requests,
        first: row.first,
        last: row.last,
    };
    let mut clients: Vec<_> = tally.rows().map(client).collect();
    clients.sort_by_key(|client| (Reverse(client.requests), client.ip, client.first));
    clients
}

fn counted(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_summary() {
        let at =
            |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds);
        let mut tally = Tally::new(at(0));
        let ip = |last| Some(IpAddr::from([192, 0, 2, last]));
        for second in 0..12 {
            tally.count(ip(7), Some(b"curl/8.5.0"), at(second));
        }
        tally.count(ip(9), None, at(60));
        tally.count(None, Some(b"\x1b[2J\n\"\xff"), at(61));
        let report = PlaintextReport::of(Arc::new(Mutex::new(tally)));
        let expected = "\
plaintext: 14 requests from 3 clients since 2001-09-09T01:46:40Z
  12  192.0.2.7  curl/8.5.0  2001-09-09T01:46:40Z to 2001-09-09T01:46:51Z
   1  unix  \\x1b[2J\\n\\\"\\xff  2001-09-09T01:47:41Z to 2001-09-09T01:47:41Z
   1  192.0.2.9  no user agent  2001-09-09T01:47:40Z to 2001-09-09T01:47:40Z";
        assert_eq!(report.to_string(), expected);
        for n in 0..20_u8 {
            report.tally().count(ip(9), Some(&[b'a' + n]), at(70));
        }
        let summary = report.to_string();
        assert_eq!(report.others(), 5);
        assert!(
            summary.ends_with(
                "\n   5  others (beyond 1000 clients, or 16 user agents of one address)"
            ),
            "{summary}"
        );
    }

    #[test]
    fn nobody() {
        let report = PlaintextReport::of(Arc::new(Mutex::new(Tally::new(SystemTime::UNIX_EPOCH))));
        let expected = "plaintext: 0 requests from 0 clients since 1970-01-01T00:00:00Z";
        assert_eq!(report.to_string(), expected);
    }
}
