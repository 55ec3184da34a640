//! What is logged while a guard is held, by everything on this thread.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Dispatch;

/// The lines so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures from here on, until the guard is dropped.
    #[allow(dead_code, reason = "each file of tests uses one of the two")]
    pub(crate) fn capture() -> (Self, tracing::subscriber::DefaultGuard) {
        Self::capture_to(tracing::Level::INFO)
    }

    /// The same, down to this level.
    pub(crate) fn capture_to(level: tracing::Level) -> (Self, tracing::subscriber::DefaultGuard) {
        LazyLock::force(&SECOND);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .with_max_level(level)
            .without_time()
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// All that was logged.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The lines that contain this.
    pub(crate) fn lines_with(&self, word: &str) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().filter(|line| line.contains(word));
        lines.map(str::to_owned).collect()
    }
}

/// With one subscriber in the process, tracing asks the thread that comes first
/// to a line whether anybody wants it; if that is a test without a capture, the
/// line is off for good, in 16 of 30 runs of a file with one test that captures. With
/// two of them it asks all.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
