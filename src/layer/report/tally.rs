//! Requests, counted by client and user agent, in bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::SystemTime;

/// Pairs of an address and a user agent.
pub(super) const CLIENTS_MOST: usize = 1_000;
/// So that one address cannot take all places.
pub(super) const AGENTS_MOST: usize = 16;
/// In bytes.
pub(super) const AGENT_LENGTH_MOST: usize = 100;

#[derive(Debug)]
pub(super) struct Tally {
    since: SystemTime,
    total: u64,
    /// Requests of those for whom there was no place.
    others: u64,
    /// How many rows there are.
    clients: usize,
    /// No address for clients of Unix sockets.
    by_address: HashMap<Option<IpAddr>, Vec<Row>>,
}

/// One user agent of one address.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// As it was sent, cut. None if none was sent.
    pub(super) agent: Option<Vec<u8>>,
    pub(super) requests: u64,
    pub(super) first: SystemTime,
    pub(super) last: SystemTime,
}

impl Tally {
    pub(super) fn new(since: SystemTime) -> Self {
        Self {
            since,
            total: 0,
            others: 0,
            clients: 0,
            by_address: HashMap::new(),
        }
    }

    pub(super) fn count(&mut self, address: Option<IpAddr>, agent: Option<&[u8]>, now: SystemTime) {
        self.total += 1;
        let agent = agent.map(|agent| &agent[..agent.len().min(AGENT_LENGTH_MOST)]);
        if let Some(rows) = self.by_address.get_mut(&address) {
            if let Some(row) = rows.iter_mut().find(|row| row.agent.as_deref() == agent) {
                row.requests += 1;
                row.last = row.last.max(now);
                return;
            }
            if rows.len() >= AGENTS_MOST {
                self.others += 1;
                return;
            }
        }
        if self.clients >= CLIENTS_MOST {
            self.others += 1;
            return;
        }
        self.clients += 1;
        self.by_address.entry(address).or_default().push(Row {
            agent: agent.map(<[u8]>::to_vec),
            requests: 1,
            first: now,
            last: now,
        });
    }

    pub(super) fn since(&self) -> SystemTime {
        self.since
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn others(&self) -> u64 {
        self.others
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (Option<IpAddr>, &Row)> {
        let by_address = self.by_address.iter();
        by_address.flat_map(|(address, rows)| rows.iter().map(|row| (*address, row)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> Option<IpAddr> {
        Some(IpAddr::from(n.to_be_bytes()))
    }

    #[test]
    fn what_is_one_client() {
        let now = SystemTime::UNIX_EPOCH;
        let mut tally = Tally::new(now);
        let long = [b'a'; 200];
        for agent in [
            None,
            Some(&b"curl"[..]),
            Some(b"curl"),
            Some(b""),
            Some(&long),
            Some(&long[..150]),
        ] {
            tally.count(address(1), agent, now);
        }
        tally.count(address(2), Some(b"curl"), now);
        tally.count(None, Some(b"curl"), now);
        assert_eq!((tally.total(), tally.others()), (8, 0));
        assert_eq!(tally.rows().count(), 6);
        assert_eq!(tally.rows().map(|(_, row)| row.requests).sum::<u64>(), 8);
    }

    #[test]
    fn memory_is_bounded_and_nothing_goes_uncounted() {
        let now = SystemTime::UNIX_EPOCH;
        let mut tally = Tally::new(now);
        for n in 0..100 {
            tally.count(address(1), Some(format!("agent {n}").as_bytes()), now);
        }
        assert_eq!(tally.rows().count(), AGENTS_MOST);
        assert_eq!(tally.others(), 100 - AGENTS_MOST as u64);
        for n in 0..3_000 {
            tally.count(address(n), Some(b"curl"), now);
        }
        assert_eq!(tally.rows().count(), CLIENTS_MOST);
        assert_eq!(tally.total(), 3_100);
        let kept: u64 = tally.rows().map(|(_, row)| row.requests).sum();
        assert_eq!(kept + tally.others(), 3_100);
        // Those who have a place keep it.
        let others = tally.others();
        tally.count(address(2), Some(b"curl"), now);
        assert_eq!(tally.others(), others);
    }
}
