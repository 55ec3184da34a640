//! A request until its response is over.

use std::cell::Cell;

use http::Version;

use super::turn::Turn;
use crate::conn_info::ConnInfo;
use crate::pace::Phase;

/// Tells the connection's [`Pace`](crate::pace::Pace) when it begins, and when
/// it is dropped.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) info: ConnInfo,
}

impl InFlight {
    pub(super) fn new(info: ConnInfo, has_body: bool) -> Self {
        let this = Self { info };
        match this.is_stream() {
            true => this.info.pace().open_stream(),
            false if has_body => this.info.pace().enter(Phase::Body),
            false => this.info.pace().enter(Phase::Handler),
        }
        this
    }

    /// The response is there; its body is to come.
    pub(super) fn respond(&self) {
        match self.is_stream() {
            true => Turn::TheirsAnew.note(),
            false => self.info.pace().respond(),
        }
    }

    /// The same, and what follows is the application's own: the connection, or over
    /// HTTP/2 the stream, a tunnel (RFC 9113 8.5, RFC 8441).
    pub(super) fn upgrade(&self) {
        if self.is_stream() {
            OPENING.set(Some(self.info.clone()));
            Turn::Opening.note();
        } else {
            self.info.mark_upgraded();
            self.respond();
        }
    }

    /// What hyper spawns here may be a tunnel, which is in flight until the application
    /// has ended its side of it (or the client has reset it). hyper spawns it while it
    /// polls the stream, and drops the response's body after that.
    pub(super) fn of_tunnel() -> Option<Self> {
        if Turn::now() != Turn::Opening {
            return None;
        }
        Turn::Ours.note();
        let info = OPENING.take()?;
        Some(Self::new(info, false))
    }

    /// hyper was to make a tunnel of a stream, and could not.
    pub(super) fn forget_tunnel() {
        OPENING.set(None);
    }

    /// hyper asks for more of the response.
    pub(super) fn is_polled(&self) {
        if self.is_stream() {
            Turn::Ours.note();
        }
    }

    /// And has got it.
    pub(super) fn has_polled(&self) {
        if self.is_stream() {
            Turn::TheirsAnew.note();
        }
    }

    /// Whether it came over HTTP/2.
    pub(super) fn is_stream(&self) -> bool {
        self.info.http_version() == Version::HTTP_2
    }
}

thread_local! {
    /// Whose tunnel it is, in [`Turn::Opening`].
    static OPENING: Cell<Option<ConnInfo>> = const { Cell::new(None) };
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.is_stream() {
            return self.info.pace().enter(Phase::Idle);
        }
        self.info.pace().close_stream();
        if let Turn::Over(most) = Turn::now() {
            let what = "the client opened no window for a response";
            self.info.note_limit("write_stall", most, what);
        }
    }
}
