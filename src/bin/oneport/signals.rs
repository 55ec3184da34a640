//! SIGINT and SIGTERM: the first drains, the second ends. SIGHUP reloads,
//! SIGUSR1 reports.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::sync::OnceLock;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The terminal that the server was started from is gone.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and process managers send.
    Terminate,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        })
    }
}

/// The signals from here on: none is lost between two calls of `next`.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Signals {
    hangup: Hangups,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hangup: Hangups::install()?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = self.hangup.terminal_gone() => Signal::Hangup,
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

/// SIGHUP: reload the certificates, as daemons do. The system sends it too when
/// the terminal is closed that the server was started from: then it means the
/// end, or the server would go on unseen.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Hangups {
    signal: tokio::signal::unix::Signal,
    /// There was a terminal at the start, and no `nohup`.
    terminal: bool,
}

#[cfg(unix)]
impl Hangups {
    pub(crate) fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // Before the signal is installed, which ends ignoring it.
        static TERMINAL: OnceLock<bool> = OnceLock::new();
        let terminal = *TERMINAL.get_or_init(|| has_terminal() && !is_hangup_ignored());
        let signal = signal(SignalKind::hangup())?;
        Ok(Self { signal, terminal })
    }

    /// Somebody asks for a reload.
    pub(crate) async fn next(&mut self) {
        while self.is_terminal_gone().await {}
    }

    async fn terminal_gone(&mut self) {
        while !self.is_terminal_gone().await {}
    }

    /// What the next signal means.
    async fn is_terminal_gone(&mut self) -> bool {
        // No end of signals is known.
        if self.signal.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        self.terminal && !has_terminal()
    }
}

/// Whether there is a controlling terminal (`tty(4)`).
#[cfg(unix)]
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// As `nohup` arranges it. Linux says so in `proc_pid_status(5)`: a mask of
/// ignored signals, SIGHUP being the first. Elsewhere it is not known.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Hangups;

#[cfg(not(unix))]
impl Hangups {
    pub(crate) fn install() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) {
        std::future::pending().await
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
