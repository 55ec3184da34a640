//! Where `tracing` events go: stderr, as text or JSON.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::exit;
use crate::log_writer::LogWriter;
use crate::workers::Workers;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Without RUST_LOG: what this program does, and others' warnings. Those of notify
/// are about directories that are gone, as at each renewal in Kubernetes.
const DEFAULT: &str = "warn,oneport=info,notify=error";

/// The log until it is closed.
pub(crate) struct Log(LogWriter);

/// With workers each line names its own.
///
/// # Errors
///
/// Where there can be no thread that writes it.
pub(crate) fn init(format: LogFormat, workers: Option<Workers>) -> io::Result<Log> {
    let writer = LogWriter::new(io::stderr())?;
    let asked = std::env::var("RUST_LOG").unwrap_or_default();
    let (filter, mistake) = match EnvFilter::try_new(&asked) {
        Ok(filter) if !asked.trim().is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new(DEFAULT), None),
        Err(mistake) => (EnvFilter::new(DEFAULT), Some(mistake)),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer.clone())
        .with_thread_names(workers.is_some())
        .with_ansi(io::stderr().is_terminal() && !no_color())
        // It would report a closed stderr to stderr, and panic.
        .log_internal_errors(false);
    let installed = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    if let Err(error) = installed {
        let _ = writeln!(io::stderr(), "oneport: there will be no log: {error}");
    }
    if let Some(mistake) = mistake {
        tracing::warn!("RUST_LOG is not understood ({mistake}), using {DEFAULT}");
    }
    Ok(Log(writer))
}

impl Log {
    /// Writes what is left, for a second at most.
    pub(crate) fn close(self) {
        let dropped = self.0.close(Duration::from_secs(1));
        if dropped > 0 {
            exit::say(&format!(
                "{dropped} line(s) of the log are missing: stderr was not read in time"
            ));
        }
    }
}

/// Whether colours are unwanted everywhere (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
