//! The one timer of a served connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::conn_info::ConnInfo;
use crate::limits::Limits;
use crate::pace::{Look, Pace, Phase};

/// Which limit a connection ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// What came behind the response to a request with a body did not become a request.
    Behind,
    /// The next byte of a request's body did not come.
    Body,
    /// The client has sent its end, and nothing was written to it since.
    Gone,
    /// A request's head did not come to its end.
    Head,
    /// No request came.
    Idle,
    /// The client takes nothing of what is there for it.
    Stalled,
}

/// Looks at a connection's [`Pace`](crate::pace::Pace) whenever it waits.
///
/// The timer is made when a connection first waits, and is not touched by what
/// happens then: when it fires, it is set anew to what is left. (hyper's own
/// timer for heads allocates one for each request.)
pub(super) struct Watch {
    seen: Look,
    since: Instant,
    timer: Option<Pin<Box<Sleep>>>,
    /// The timer wakes the task.
    armed: bool,
}

/// At least, whatever the limit: the application is polled each time.
const ASK_AGAIN: Duration = Duration::from_secs(1);

impl Watch {
    pub(super) fn new(info: &ConnInfo) -> Self {
        Self {
            seen: info.pace().look(),
            since: Instant::now(),
            timer: None,
            armed: false,
        }
    }

    /// Of an HTTP/1 connection, each time that it waits. Ready when its time
    /// is over.
    pub(super) fn poll_http1(
        &mut self,
        pace: &Pace,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Late> {
        loop {
            let (late, most) = match self.look(pace) {
                look if look.is_writing() => (Late::Stalled, limits.write_stall),
                look => match look.phase() {
                    Phase::Body if look.is_reading() => (Late::Body, limits.body_idle),
                    Phase::Body | Phase::Handler | Phase::Response if pace.is_ended() => {
                        return Poll::Ready(Late::Gone);
                    }
                    // hyper reads nothing then: nobody would see a client leave.
                    Phase::Body | Phase::Handler | Phase::Response => {
                        let again = match pace.is_asked() {
                            true => ASK_AGAIN,
                            false => Duration::ZERO,
                        };
                        (Late::Gone, limits.keep_alive_idle.max(again))
                    }
                    Phase::Behind => (Late::Behind, limits.keep_alive_idle),
                    Phase::Head => (Late::Head, limits.request_head),
                    Phase::Idle => (Late::Idle, limits.keep_alive_idle),
                },
            };
            if self.poll_until(self.since + most, cx).is_pending() {
                return Poll::Pending;
            }
            if late != Late::Gone {
                return Poll::Ready(late);
            }
            // hyper does not look: who reads for it will, when it is polled; and again
            // after as long, for what lies unread may be in front of the end.
            pace.ask_for_end();
            self.since = Instant::now();
            cx.waker().wake_by_ref();
        }
    }

    /// Of an HTTP/1 connection that waits. Ready when it has been idle for so long
    /// that it may be for longer.
    ///
    /// 2 s. To sleep and to wake costs 9,600 instructions together, 3 us; the
    /// shorter it is, the fewer connections have buffers.
    pub(super) fn poll_long_idle(&mut self, pace: &Pace, cx: &mut Context<'_>) -> Poll<()> {
        const LONG: Duration = Duration::from_secs(2);
        match self.look(pace).is_between_requests() {
            true => self.poll_until(self.since + LONG, cx),
            false => Poll::Pending,
        }
    }

    /// Of an HTTP/2 connection. `goaway`: when it was told to go.
    pub(super) fn poll_http2(
        &mut self,
        pace: &Pace,
        limits: &Limits,
        goaway: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> Poll<Late> {
        loop {
            let writing = self.look(pace).is_writing();
            let Limits {
                keep_alive_idle,
                write_stall,
                ..
            } = *limits;
            let (late, due) = match (pace.idle_since(), goaway) {
                _ if writing => (Some(Late::Stalled), self.since + write_stall),
                (Some(since), None) => (Some(Late::Idle), since + keep_alive_idle),
                (Some(since), Some(goaway)) => (Some(Late::Idle), since.max(goaway) + write_stall),
                // The last stream may end without waking this task.
                (None, _) => match &self.timer {
                    Some(timer) if !timer.is_elapsed() => (None, timer.deadline()),
                    _ => (None, Instant::now() + keep_alive_idle.min(write_stall)),
                },
            };
            if self.poll_until(due, cx).is_pending() {
                return Poll::Pending;
            }
            if let Some(late) = late {
                return Poll::Ready(late);
            }
        }
    }

    /// What it waits for; since when is noted.
    fn look(&mut self, pace: &Pace) -> Look {
        let look = pace.look();
        if look != self.seen {
            self.seen = look;
            self.since = Instant::now();
        }
        look
    }

    fn poll_until(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(timer) = &self.timer
            && self.armed
            && timer.deadline() <= due
            && !timer.is_elapsed()
        {
            // The task's waker does not change.
            return Poll::Pending;
        }
        // With its budget used up, tokio does not look at the timer, and wakes
        // the task.
        self.armed = has_budget_remaining();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        loop {
            if timer.deadline() > due {
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if timer.deadline() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }
}

impl Late {
    /// The field of [`Limits`].
    pub(super) fn limit(self) -> &'static str {
        match self {
            Self::Body => "body_idle",
            Self::Behind | Self::Gone | Self::Idle => "keep_alive_idle",
            Self::Head => "request_head",
            Self::Stalled => "write_stall",
        }
    }

    /// How long that was.
    pub(super) fn after(self, limits: &Limits) -> Duration {
        match self {
            Self::Body => limits.body_idle,
            Self::Behind | Self::Gone | Self::Idle => limits.keep_alive_idle,
            Self::Head => limits.request_head,
            Self::Stalled => limits.write_stall,
        }
    }

    /// Whether the client may still hear of it.
    pub(super) fn can_be_told(self) -> bool {
        !matches!(self, Self::Gone | Self::Stalled)
    }

    /// For the log.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Behind => {
                "neither the rest of a request's body nor the next head was there in time"
            }
            Self::Body => "nothing more came of a request's body",
            Self::Gone => "the client had sent its end, and there was nothing to write to it",
            Self::Head => "a request's head did not come to its end",
            Self::Idle => "no request came",
            Self::Stalled => "the client took nothing of what was there for it",
        }
    }
}
