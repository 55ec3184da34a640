//! SIGINT and SIGTERM: the first drains, the second ends.

use std::fmt;
use std::io;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and process managers send.
    Terminate,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// The signals from here on: none is lost between two calls of `next`.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// Elsewhere there is only Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            // No handler can be installed: the system's own ends the process.
            Err(_) => std::future::pending().await,
        }
    }
}

/// SIGUSR1: log the report of `--report-plaintext`. Installed without the flag
/// too: its default is to end the process.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct ReportSignal(tokio::signal::unix::Signal);

#[cfg(unix)]
impl ReportSignal {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::user_defined1()).map(Self)
    }

    pub(crate) async fn next(&mut self) {
        // No end of signals is known.
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct ReportSignal;

#[cfg(not(unix))]
impl ReportSignal {
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending().await
    }
}
