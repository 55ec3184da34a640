//! Reloading when files change.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};

use super::Files;
use super::directories::directories;
use crate::tls::{TlsConfig, TlsConfigError};

/// How often the files are read where nothing tells of their changes: network
/// file systems, and mounts of another machine or container. Their renewals
/// happen weeks before the end of a certificate.
const POLL: Duration = Duration::from_secs(30);

/// Who renews a certificate writes its files one after the other.
const SETTLE: Duration = Duration::from_millis(200);
/// Something in the directory may change all the time.
const SETTLE_MOST: Duration = Duration::from_secs(2);

/// Reloads a [`TlsConfig`] when its files change, until it is dropped. Made by
/// [`Files::watch`].
///
/// A thread of its own reads the files: a network file system that hangs does
/// not hold up the server.
#[derive(Debug)]
#[must_use = "nothing is watched any more when it is dropped"]
pub struct Watch {
    thread: Sender<Wake>,
}

#[derive(Debug)]
enum Wake {
    Changed,
    Stop,
}

impl Files {
    /// Reloads `config` when one of the files changes.
    ///
    /// Changes are seen at once where the system tells of them (inotify and its
    /// like, of the directories of the files and of all symbolic links on the
    /// way: certbot and Kubernetes swap links), and within 30 seconds everywhere
    /// else. What counts is the content, not the date. New files are validated
    /// as [`load`](super::load) does it; if they are not good (half written, a
    /// key that belongs to another certificate), the old configuration stays in
    /// use, a line of the log says why, and they are tried again every 30 seconds
    /// and when they change: a certificate may not be valid yet. What has changed
    /// since `config` was loaded is seen too. The system's CAs are read again with
    /// the files, but not watched.
    ///
    /// ```no_run
    /// # use oneport::tls::Files;
    /// let files = Files::new("live/fullchain.pem", "live/privkey.pem");
    /// let tls = files.load()?;
    /// let watch = files.watch(&tls);
    /// // Serve with `tls`, and keep `watch` for as long.
    /// # drop(watch);
    /// # Ok::<(), oneport::tls::TlsConfigError>(())
    /// ```
    pub fn watch(self, config: &TlsConfig) -> Watch {
        Watch::every(POLL, self, config, |_| {})
    }

    /// As [`watch`](Self::watch), and `told` is called after each reload, from the
    /// watching thread.
    pub fn watch_and_tell<F>(self, config: &TlsConfig, told: F) -> Watch
    where
        F: FnMut(Result<(), &TlsConfigError>) + Send + 'static,
    {
        Watch::every(POLL, self, config, told)
    }
}

impl Watch {
    fn every<F>(poll: Duration, files: Files, config: &TlsConfig, told: F) -> Self
    where
        F: FnMut(Result<(), &TlsConfigError>) + Send + 'static,
    {
        let (thread, woken) = mpsc::channel();
        let watched = Watched {
            // Whoever renews does not wait for us: they may have changed since
            // they were loaded.
            digest: config.content().unwrap_or_else(|| digest(&files)),
            failed: false,
            events: Events::new(thread.clone()),
            files,
            config: config.clone(),
        };
        Self::start(thread, woken, poll, watched, told)
    }

    fn start<F>(
        thread: Sender<Wake>,
        woken: Receiver<Wake>,
        poll: Duration,
        mut watched: Watched,
        mut told: F,
    ) -> Self
    where
        F: FnMut(Result<(), &TlsConfigError>) + Send + 'static,
    {
        watched.events.watch(&watched.files);
        let run = move || {
            watched.look(&mut told);
            while wait(&woken, poll) {
                watched.look(&mut told);
            }
        };
        let started = thread::Builder::new().name("tls-watch".into()).spawn(run);
        if let Err(error) = started {
            tracing::warn!(%error, "certificate files are not watched");
        }
        Self { thread }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // An error means that the thread is not there.
        let _ = self.thread.send(Wake::Stop);
    }
}

/// Waits for the end of a change, or of the time. False when it is over.
fn wait(woken: &Receiver<Wake>, poll: Duration) -> bool {
    match woken.recv_timeout(poll) {
        Ok(Wake::Changed) => {}
        Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        Err(RecvTimeoutError::Timeout) => return true,
    }
    let latest = Instant::now() + SETTLE_MOST;
    while Instant::now() < latest {
        match woken.recv_timeout(SETTLE) {
            Ok(Wake::Changed) => {}
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            Err(RecvTimeoutError::Timeout) => return true,
        }
    }
    true
}

struct Watched {
    files: Files,
    config: TlsConfig,
    /// Of what was last tried, good or bad.
    digest: [u8; 32],
    /// Whether that was bad.
    failed: bool,
    events: Events,
}

impl Watched {
    fn look(&mut self, told: &mut impl FnMut(Result<(), &TlsConfigError>)) {
        let digest = digest(&self.files);
        let again = digest == self.digest;
        if again && !self.failed {
            return;
        }
        self.digest = digest;
        // Links may lead elsewhere now.
        self.events.watch(&self.files);
        let outcome = self.files.reload(&self.config);
        self.failed = outcome.is_err();
        if again && self.failed {
            // Said already.
            return;
        }
        match &outcome {
            Ok(()) => tracing::info!("certificate files have changed: reloaded"),
            Err(error) => {
                let cause = error.source().map(|cause| format!(": {cause}"));
                tracing::warn!(
                    "certificate files have changed, but cannot be used; what was there before \
                     stays in use: {error}{}",
                    cause.unwrap_or_default()
                );
            }
        }
        told(outcome.as_ref().copied());
    }
}

/// What the system tells.
struct Events {
    /// None where the system tells nothing.
    watcher: Option<RecommendedWatcher>,
    directories: BTreeSet<PathBuf>,
}

impl Events {
    fn new(thread: Sender<Wake>) -> Self {
        let changed = move |event: notify::Result<notify::Event>| {
            // Our own reading is an event too.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            // An error means that nobody listens any more.
            let _ = thread.send(Wake::Changed);
        };
        let watcher = notify::recommended_watcher(changed)
            .inspect_err(|error| tracing::debug!(%error, "certificate files are polled"));
        Self {
            watcher: watcher.ok(),
            directories: BTreeSet::new(),
        }
    }

    fn watch(&mut self, files: &Files) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let directories: BTreeSet<PathBuf> = files.paths().flat_map(directories).collect();
        for gone in self.directories.difference(&directories) {
            let _ = watcher.unwatch(gone);
        }
        for directory in directories.difference(&self.directories) {
            if let Err(error) = watcher.watch(directory, RecursiveMode::NonRecursive) {
                tracing::debug!(%error, directory = %directory.display(), "polled only");
            }
        }
        self.directories = directories;
    }
}

/// Of what is in the files, or why it cannot be read.
pub(super) fn digest(files: &Files) -> [u8; 32] {
    let mut digest = Sha256::new();
    // Each once: between two readings of a file that holds certificate and key it may be
    // replaced, which would be a change of its own, and told twice.
    let paths: BTreeSet<_> = files.paths().collect();
    for path in paths {
        match content(path) {
            Ok(content) => digest.update(Sha256::digest(content)),
            Err(error) => digest.update(error.kind().to_string()),
        }
    }
    digest.finalize().into()
}

fn content(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut content = Vec::new();
    // More than that is refused in any case.
    fs::File::open(path)?
        .take(32 * 1024 * 1024)
        .read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // A panic is how a test fails.
mod tests;
