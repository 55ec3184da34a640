//! Writes the log in a thread of its own.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// So many lines wait for whoever reads stderr; more are dropped.
const LINES: usize = 2048;

/// Whoever reads stderr may stop (a journal that hangs, a pager), and a server whose
/// threads wait for a pipe serves nobody and hears no signal: request 197 was not
/// answered, and SIGTERM did nothing.
#[derive(Clone)]
pub(crate) struct LogWriter {
    lines: SyncSender<Line>,
    logged: Arc<AtomicU64>,
    written: Arc<AtomicU64>,
}

enum Line {
    /// Says so when all that came before is written.
    Last(Sender<()>),
    Text(Vec<u8>),
}

impl LogWriter {
    pub(crate) fn new(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, queue) = sync_channel(LINES);
        let (logged, written) = (Arc::default(), Arc::default());
        let log = Self {
            lines,
            logged,
            written,
        };
        let written = log.written.clone();
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write(&queue, writer, &written))?;
        Ok(log)
    }

    /// Waits until all is written, for so long at most. How many lines are not.
    pub(crate) fn close(&self, most: Duration) -> u64 {
        let due = Instant::now() + most;
        let left = || due.saturating_duration_since(Instant::now());
        let (last, is_written) = channel();
        let mut last = Line::Last(last);
        while let Err(TrySendError::Full(again)) = self.lines.try_send(last) {
            if left().is_zero() {
                break;
            }
            last = again;
            std::thread::sleep(Duration::from_millis(1).min(left()));
        }
        let _ = is_written.recv_timeout(left());
        let logged = self.logged.load(Ordering::Relaxed);
        logged.saturating_sub(self.written.load(Ordering::Relaxed))
    }
}

fn write(lines: &Receiver<Line>, mut writer: impl Write, written: &AtomicU64) {
    for line in lines {
        match line {
            Line::Last(is_written) => drop(is_written.send(())),
            Line::Text(text) => {
                // Where it cannot be written there is nobody to be told.
                let _ = writer.write_all(&text);
                written.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl Write for LogWriter {
    /// An event is one write.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.logged.fetch_add(1, Ordering::Relaxed);
        let _ = self.lines.try_send(Line::Text(line.to_vec()));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_who_does_not_read() {
        let written = Written::default();
        let mut log = LogWriter::new(written.clone()).expect("a thread");
        log.write_all(b"first\n").expect("never fails");
        assert_eq!(log.close(Duration::from_secs(30)), 0);
        assert_eq!(*written.0.lock().expect("no panic"), b"first\n");

        let reader = written.0.lock().expect("no panic");
        for _ in 0..LINES + 10 {
            log.write_all(b"line\n").expect("never fails");
        }
        let missing = log.close(Duration::from_millis(1));
        assert_eq!(missing, LINES as u64 + 10);
        drop(reader);
    }

    /// Somebody reads, slower than it comes: a burst at the very end (a drain that cuts
    /// connections off) fills the queue, and the end has no room in it. Nobody waited
    /// then, and what stood in the queue was neither written nor counted.
    #[test]
    fn the_end_waits_for_room() {
        struct Slow(Written);
        impl Write for Slow {
            fn write(&mut self, text: &[u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_micros(20));
                self.0.write(text)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let written = Written::default();
        let mut log = LogWriter::new(Slow(written.clone())).expect("a thread");
        for _ in 0..LINES + 500 {
            log.write_all(b"line\n").expect("never fails");
        }
        let missing = log.close(Duration::from_secs(30)) as usize;
        let written = written.0.lock().expect("no panic").len() / b"line\n".len();
        assert_eq!(written + missing, LINES + 500);
        assert!(written >= LINES, "{written}");
    }
}
