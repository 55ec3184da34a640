//! The phases of a server's life, and how its connections hear of them.

use tokio::sync::watch;

/// Where a server is in its life. Only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    not(feature = "serve"),
    expect(dead_code, reason = "a bare acceptor never drains")
)]
pub(crate) enum Phase {
    /// New connections are accepted.
    Serving,
    /// What is in flight is finished, the rest is let go.
    Draining,
    /// The drain time is over, or the server was dropped.
    Aborted,
}

/// The server's end: says which phase it is. Dropping it aborts.
#[cfg(feature = "serve")]
#[derive(Debug)]
pub(crate) struct Lifecycle(watch::Sender<Phase>);

#[cfg(feature = "serve")]
impl Lifecycle {
    pub(crate) fn new() -> (Self, Observer) {
        let (sender, receiver) = watch::channel(Phase::Serving);
        (Self(sender), Observer(receiver))
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.send_replace(phase);
    }
}

/// A connection's end.
#[derive(Clone, Debug)]
pub(crate) struct Observer(watch::Receiver<Phase>);

impl Observer {
    #[cfg(feature = "serve")]
    pub(crate) fn is_aborted(&self) -> bool {
        // A closed channel means that the server's future was dropped.
        *self.0.borrow() == Phase::Aborted || self.0.has_changed().is_err()
    }

    /// Completes in this phase or a later one, and when the server is gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it only waits.
    pub(crate) async fn reached(&mut self, phase: Phase) {
        // An error means that the server's future was dropped.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}
