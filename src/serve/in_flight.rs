//! A request until its response is over.

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
