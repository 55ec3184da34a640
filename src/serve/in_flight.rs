//! A request until its response is over.

use std::cell::{Cell, OnceCell};
use std::future::Future;
use std::time::Duration;

use http::Version;
use tokio::time::Instant;

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
            true => Owed::note(&self.info),
            false => self.info.pace().respond(),
        }
    }

    /// hyper asks for more of the response.
    pub(super) fn is_polled(&self) {
        if self.is_stream() {
            Owed::settle();
        }
    }

    /// And has got it.
    pub(super) fn has_polled(&self) {
        if self.is_stream() {
            Owed::note(&self.info);
        }
    }

    /// Whether it came over HTTP/2.
    pub(super) fn is_stream(&self) -> bool {
        self.info.http_version() == Version::HTTP_2
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        match self.is_stream() {
            true => self.info.pace().close_stream(),
            false => self.info.pace().enter(Phase::Idle),
        }
    }
}

tokio::task_local! {
    static OWED: Owed;
}

/// Since when an HTTP/2 stream waits for its client to take what is there for
/// it: hyper asks a body for its next frame when the client has opened the
/// window, and not before. What waits on the connection's behalf knows its task
/// only, and that is where this is kept.
#[derive(Debug, Default)]
pub(super) struct Owed {
    since: Cell<Option<Instant>>,
    info: OnceCell<ConnInfo>,
}

impl Owed {
    /// Runs a stream, in whose task its own is kept.
    pub(super) fn within<F: Future>(stream: F) -> impl Future<Output = F::Output> {
        OWED.scope(Self::default(), stream)
    }

    /// When the client's time is over, if it is its turn.
    pub(super) fn due(most: Duration) -> Option<Instant> {
        let since = OWED.try_with(|owed| owed.since.get()).ok()?;
        Some(since? + most)
    }

    /// Whose stream this is.
    pub(super) fn info() -> Option<ConnInfo> {
        OWED.try_with(|owed| owed.info.get().cloned()).ok()?
    }

    fn note(info: &ConnInfo) {
        // Fails nowhere but in tests without a server.
        let _ = OWED.try_with(|owed| {
            owed.since.set(Some(Instant::now()));
            owed.info.get_or_init(|| info.clone());
        });
    }

    fn settle() {
        let _ = OWED.try_with(|owed| owed.since.set(None));
    }
}
