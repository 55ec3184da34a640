//! Where `tracing` events go: stderr, as text or JSON.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

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

/// With workers each line names its own.
pub(crate) fn init(format: LogFormat, workers: Option<Workers>) {
    let asked = std::env::var("RUST_LOG").unwrap_or_default();
    let (filter, mistake) = match EnvFilter::try_new(&asked) {
        Ok(filter) if !asked.trim().is_empty() => (filter, None),
        Ok(_) => (EnvFilter::new(DEFAULT), None),
        Err(mistake) => (EnvFilter::new(DEFAULT), Some(mistake)),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
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
}

/// Whether colours are unwanted everywhere (<https://no-color.org>).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
