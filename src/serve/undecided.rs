//! Connections of which it is not known yet what they want.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::connection::Shared;
use crate::lifecycle::Phase;
use crate::limits::Limits;

/// Who waits for a verdict, or shakes hands, by age.
///
/// Everybody has the same time for the first bytes, so the oldest is always the
/// next whose time is over: one timer serves all of them, where one each would
/// be 100 bytes and two locks for every connection. And the oldest is who goes
/// where there are too many.
///
/// A connection that has its verdict at once never comes here.
pub(super) struct Undecided {
    waiting: Mutex<Waiting>,
    most: usize,
    sniff: Duration,
    /// Whoever has a lower number, and no verdict, is late.
    late_below: AtomicU64,
    /// Whoever has a lower number had to make room.
    evicted_below: AtomicU64,
    /// Somebody has come while nobody looked.
    came: Notify,
}

#[derive(Default)]
struct Waiting {
    /// The last number that was given.
    last: u64,
    /// Nobody is here, and nobody looks.
    unwatched: bool,
    by_number: BTreeMap<u64, Waiter>,
}

struct Waiter {
    waker: Waker,
    /// When it is late; a handshake has a deadline of its own.
    due: Option<Instant>,
}

/// A connection's place among the undecided: none before it waits, and none
/// when this is dropped.
pub(super) struct Place {
    shared: Arc<Shared>,
    /// 0: none.
    number: u64,
}

/// What an undecided connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Handshake,
    Verdict,
}

/// Why an undecided connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server shuts down, and it has asked for nothing yet.
    Draining,
    /// It had to make room.
    Evicted,
    /// Its time is over.
    Late,
}

impl Undecided {
    pub(super) fn new(limits: &Limits) -> Self {
        let most = limits.undecided.unwrap_or(limits.connections / 4);
        Self {
            waiting: Mutex::default(),
            most: most.max(1),
            sniff: limits.sniff,
            late_below: AtomicU64::new(0),
            evicted_below: AtomicU64::new(0),
            came: Notify::new(),
        }
    }

    /// So many at most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    fn enter(&self, waits: For, waker: &Waker) -> u64 {
        let waiter = Waiter {
            waker: waker.clone(),
            due: match waits {
                For::Handshake => None,
                For::Verdict => Some(Instant::now() + self.sniff),
            },
        };
        let mut waiting = self.lock();
        waiting.last += 1;
        let number = waiting.last;
        waiting.by_number.insert(number, waiter);
        let evicted = match waiting.by_number.len() > self.most {
            true => waiting.by_number.pop_first(),
            false => None,
        };
        let unwatched = std::mem::take(&mut waiting.unwatched);
        drop(waiting);
        if unwatched {
            self.came.notify_one();
        }
        if let Some((number, waiter)) = evicted {
            // Of two at once, the later number may be first here.
            self.evicted_below.fetch_max(number + 1, Ordering::SeqCst);
            waiter.waker.wake();
        }
        number
    }

    /// Takes out whose time is over; says when to look again, or not before
    /// somebody comes.
    fn expire(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut late = Vec::new();
        let mut waiting = self.lock();
        // Who comes while others shake hands has at least so long.
        let mut next = now + self.sniff.max(Duration::from_millis(1));
        for (number, waiter) in &waiting.by_number {
            match waiter.due {
                Some(due) if due <= now => late.push(*number),
                Some(due) => {
                    next = due;
                    break;
                }
                None => {}
            }
        }
        if let Some(last) = late.last() {
            self.late_below.store(last + 1, Ordering::SeqCst);
        }
        let late: Vec<_> = late
            .iter()
            .filter_map(|number| waiting.by_number.remove(number))
            .collect();
        waiting.unwatched = waiting.by_number.is_empty();
        let next = (!waiting.unwatched).then_some(next);
        drop(waiting);
        late.into_iter().for_each(|waiter| waiter.waker.wake());
        next
    }

    fn wake_all(&self) {
        let all = std::mem::take(&mut self.lock().by_number);
        all.into_values().for_each(|waiter| waiter.waker.wake());
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one timer. Ends when the server drains, and everybody with it.
pub(super) async fn keep_time(shared: Arc<Shared>) {
    loop {
        let next = shared.undecided.expire();
        let look_again = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => shared.undecided.came.notified().await,
            }
        };
        tokio::select! {
            biased;
            () = shared.observer.reached(Phase::Draining) => break,
            () = look_again => {}
        }
    }
    shared.undecided.wake_all();
}

impl Place {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, number: 0 }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// There is a verdict, but no request yet: it keeps its place, without a
    /// deadline.
    pub(super) fn has_verdict(&mut self) {
        if self.number == 0 {
            return;
        }
        let mut waiting = self.shared.undecided.lock();
        match waiting.by_number.get_mut(&self.number) {
            Some(waiter) => waiter.due = None,
            // Its time was over, but its bytes came before it was polled: it takes
            // another place.
            None if self.number >= self.shared.undecided.evicted_below.load(Ordering::SeqCst) => {
                self.number = 0;
            }
            None => {}
        }
    }

    /// Called whenever the connection waits, in its task: whose waker does not
    /// change.
    pub(super) fn poll_end(&mut self, waits: For, cx: &mut Context<'_>) -> Poll<End> {
        let Shared {
            undecided,
            observer,
            ..
        } = &*self.shared;
        if self.number == 0 {
            self.number = undecided.enter(waits, cx.waker());
        }
        // In this order: who comes after everybody was woken sees why.
        if observer.has_reached(Phase::Draining) {
            Poll::Ready(End::Draining)
        } else if waits == For::Verdict && self.number < undecided.late_below.load(Ordering::SeqCst)
        {
            Poll::Ready(End::Late)
        } else if self.number < undecided.evicted_below.load(Ordering::SeqCst) {
            Poll::Ready(End::Evicted)
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.number != 0 {
            let left = self.shared.undecided.lock().by_number.remove(&self.number);
            // Not under the lock: it may be the task's last reference.
            drop(left);
        }
    }
}
