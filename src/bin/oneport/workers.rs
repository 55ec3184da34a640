//! `--workers`: threads with a runtime each, for a listener each.

use std::future::pending;
use std::io;
use std::str::FromStr;
use std::thread;

use tokio::runtime::{Builder, Handle};

/// How many, at most: more threads than any machine has cores.
const MOST: usize = 1024;

/// What a multi-threaded runtime allows by default; it is divided among the
/// workers, which have at least so many each.
const BLOCKING_THREADS: usize = 512;
const BLOCKING_THREADS_LEAST: usize = 8;

/// How many of them are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Workers(usize);

impl Workers {
    pub(crate) fn count(self) -> usize {
        self.0
    }

    /// Several listeners of one port get their share of connections on Linux
    /// only: elsewhere one gets them all, or none may be bound.
    pub(crate) fn contradiction(self) -> Option<String> {
        let here = cfg!(any(target_os = "android", target_os = "linux"));
        (self.0 > 1 && !here).then(|| {
            "--workers takes more than 1 only on Linux, which spreads connections over several \
             listeners of one port; without --workers all cores are used as well"
                .to_owned()
        })
    }

    /// Starts the threads. They run as long as the process does.
    ///
    /// # Errors
    ///
    /// When the system has no more threads or file descriptors.
    pub(crate) fn start(self) -> io::Result<Vec<Handle>> {
        let start = |number| {
            self.start_one(number).map_err(|error| {
                let of = self.0;
                let what = format!(
                    "cannot start worker {number} of {of}: {error}; fewer --workers, or a higher \
                     file descriptor limit (ulimit -n), would do"
                );
                io::Error::new(error.kind(), what)
            })
        };
        (1..=self.0).map(start).collect()
    }

    fn start_one(self, number: usize) -> io::Result<Handle> {
        let blocking = (BLOCKING_THREADS / self.0).max(BLOCKING_THREADS_LEAST);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(blocking)
            .thread_name(format!("blocking-{number}"))
            .build()?;
        let handle = runtime.handle().clone();
        // The name is in the log and in the system's list of threads.
        thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || runtime.block_on(pending::<()>()))?;
        Ok(handle)
    }
}

/// `auto`, or a number.
impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            // Only what the process may use: affinity and cgroup quotas count.
            let cores = thread::available_parallelism();
            return cores
                .map(|cores| Self(cores.get().min(MOST)))
                .map_err(|error| {
                    format!("the number of cores is not known here ({error}): give a number")
                });
        }
        match text.parse() {
            Ok(count @ 1..=MOST) => Ok(Self(count)),
            _ => Err(format!(
                "a number from 1 to {MOST}, or `auto` for one per core, is expected"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (text, count) in [("1", 1), ("2", 2), ("1024", 1024)] {
            assert_eq!(text.parse(), Ok(Workers(count)));
        }
        let auto: Workers = "auto".parse().expect("the number of cores");
        assert!(auto.count() >= 1);
        for bad in ["0", "1025", "-1", "", " 2", "2.0", "Auto", "two"] {
            let error = bad.parse::<Workers>().expect_err(bad);
            assert!(error.contains("from 1 to 1024"), "{error}");
        }
    }

    #[test]
    fn one_alone_works_everywhere() {
        assert_eq!(Workers(1).contradiction(), None);
        let linux = cfg!(any(target_os = "android", target_os = "linux"));
        assert_eq!(Workers(2).contradiction().is_none(), linux);
    }
}
