//! What a served connection waits for, noted by everything that moves it, and
//! looked at by the one timer that it has.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Notes of one connection. They cost a few nanoseconds each, no lock and no
/// allocation; whoever has the timer finds out what changed between two looks.
#[derive(Debug)]
pub(crate) struct Pace {
    /// HTTP/1: a [`Phase`], the flags below and a number of steps.
    word: AtomicU32,
    /// HTTP/2: requests that are not answered to their end.
    streams: AtomicU32,
    /// HTTP/2: since when there are none, in milliseconds from `began`.
    idle_since: AtomicU64,
    began: Instant,
}

/// What an HTTP/1 connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Something came behind the response to a request with a body: the rest of that
    /// body, which the application may still read, or the next head.
    Behind,
    /// A request's body is expected; there is no response yet.
    Body,
    /// The application is at it, and expects nothing more of the client.
    Handler,
    /// A request's head has begun.
    Head,
    /// Nothing was begun.
    Idle,
    /// The application gives its response.
    Response,
}

/// A look at a [`Pace`]: two that are equal had nothing happen in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look(u32);

const PHASE: u32 = 0b111;
/// hyper waits for the client's bytes.
const READING: u32 = 1 << 3;
/// hyper waits for the client to take its bytes.
const WRITING: u32 = 1 << 4;
/// Somebody wants to know whether the client is gone.
const ASKED: u32 = 1 << 5;
/// The client has sent its end.
const ENDED: u32 = 1 << 6;
/// The last request has, or had, a body.
const BODY: u32 = 1 << 7;
const STEP: u32 = 1 << 8;

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicU32::new(code(Phase::Head)),
            streams: AtomicU32::new(0),
            idle_since: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    pub(crate) fn look(&self) -> Look {
        Look(self.word() & !(ASKED | ENDED))
    }

    /// From here on the next phase; all flags are down, but that of a body, which
    /// somebody may still read behind the response.
    pub(crate) fn enter(&self, phase: Phase) {
        let word = self.word();
        let body = match phase {
            Phase::Body => BODY,
            Phase::Handler => 0,
            _ => word & BODY,
        };
        self.set((word & !(STEP - 1)).wrapping_add(STEP) | body | code(phase));
    }

    /// The application has its response; it may already have been written to.
    pub(crate) fn respond(&self) {
        let word = self.word();
        let flags = word & (WRITING | BODY);
        self.set((word & !(STEP - 1)).wrapping_add(STEP) | flags | code(Phase::Response));
    }

    /// hyper has read something.
    pub(crate) fn has_read(&self) {
        match self.look().phase() {
            Phase::Idle if self.word() & BODY != 0 => self.enter(Phase::Behind),
            Phase::Idle => self.enter(Phase::Head),
            // Their deadlines are absolute.
            Phase::Behind | Phase::Head => self.set(self.word() & !READING),
            _ => self.step(READING),
        }
    }

    /// hyper is polled: it may have stopped to read since the last time, where
    /// the application wants nothing more of a body.
    pub(crate) fn begin_poll(&self) {
        self.set(self.word() & !READING);
    }

    /// hyper has found nothing to read.
    pub(crate) fn is_reading(&self) {
        // It begins and stops to read as the application does; that is nothing new.
        if self.look().phase() != Phase::Behind {
            self.set(self.word() | READING);
        }
    }

    /// The client has taken something.
    pub(crate) fn has_written(&self) {
        self.step(WRITING);
    }

    /// Nothing is held back any more.
    pub(crate) fn has_flushed(&self) {
        if self.word() & WRITING != 0 {
            self.step(WRITING);
        }
    }

    /// The client takes nothing. `moved`: but it did just now.
    pub(crate) fn is_writing(&self, moved: bool) {
        if moved {
            self.step(0);
        }
        self.set(self.word() | WRITING);
    }

    /// Asks whether the client has gone; who reads will say.
    pub(crate) fn ask_for_end(&self) {
        self.set(self.word() | ASKED);
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.word() & (ASKED | ENDED) == ASKED
    }

    pub(crate) fn end(&self) {
        self.set(self.word() | ENDED);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.word() & ENDED != 0
    }

    /// A request has come over HTTP/2.
    pub(crate) fn open_stream(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// Its response is over.
    pub(crate) fn close_stream(&self) {
        let now = self.began.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.idle_since.fetch_max(now, Ordering::Relaxed);
        self.streams.fetch_sub(1, Ordering::Release);
    }

    /// Since when no request is open; none if one is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        if self.streams.load(Ordering::Acquire) > 0 {
            return None;
        }
        let since = self.idle_since.load(Ordering::Relaxed);
        Some(self.began + Duration::from_millis(since))
    }

    // Written by one task only, the connection's.
    fn word(&self) -> u32 {
        self.word.load(Ordering::Relaxed)
    }

    fn set(&self, word: u32) {
        self.word.store(word, Ordering::Relaxed);
    }

    /// Something moved: whether the client is there need not be known any more.
    fn step(&self, done: u32) {
        self.set((self.word() & !(done | ASKED | ENDED)).wrapping_add(STEP));
    }
}

impl Look {
    pub(crate) fn phase(self) -> Phase {
        PHASES[(self.0 & PHASE) as usize % PHASES.len()]
    }

    /// Whether hyper has nothing of a request or a response, for certain: it may have
    /// the rest of a body, whose response is over, until it reads the next head.
    pub(crate) fn is_between_requests(self) -> bool {
        self.phase() == Phase::Idle && self.is_reading() && self.0 & (WRITING | BODY) == 0
    }

    /// Whether what is unread may be the rest of a body, whose response is over.
    pub(crate) fn is_behind_body(self) -> bool {
        matches!(self.phase(), Phase::Behind | Phase::Idle) && self.0 & BODY != 0
    }

    /// Whether the client's bytes are waited for.
    pub(crate) fn is_reading(self) -> bool {
        self.0 & READING != 0
    }

    /// Whether something waits for the client to take it.
    pub(crate) fn is_writing(self) -> bool {
        self.0 & WRITING != 0
    }
}

const PHASES: [Phase; 6] = [
    Phase::Behind,
    Phase::Body,
    Phase::Handler,
    Phase::Head,
    Phase::Idle,
    Phase::Response,
];

fn code(phase: Phase) -> u32 {
    phase as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_not_begun_anew_by_its_next_byte() {
        let pace = Pace::new();
        pace.is_reading();
        let before = pace.look();
        pace.has_read();
        pace.is_reading();
        assert_eq!(pace.look(), before);
        pace.enter(Phase::Body);
        pace.is_reading();
        let before = pace.look();
        pace.has_read();
        pace.is_reading();
        assert_ne!(pace.look(), before);
        assert_eq!(pace.look().phase(), Phase::Body);
        assert!(pace.look().is_reading());
    }

    #[test]
    fn every_phase_is_what_was_entered() {
        let pace = Pace::new();
        assert_eq!(pace.look().phase(), Phase::Head);
        for phase in PHASES {
            pace.enter(phase);
            assert_eq!(pace.look().phase(), phase);
        }
    }

    #[test]
    fn the_number_of_steps_wraps_into_nothing_else() {
        let pace = Pace::new();
        pace.set(!(STEP - 1) | code(Phase::Response));
        pace.has_written();
        assert_eq!(pace.look().phase(), Phase::Response);
        pace.set(!(STEP - 1) | code(Phase::Idle));
        pace.enter(Phase::Handler);
        assert_eq!(pace.look().phase(), Phase::Handler);
    }
}
