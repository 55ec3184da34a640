//! Files that change under a running server. Each outcome is waited for at the
//! server.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![cfg(unix)] // symbolic links
#![allow(clippy::unwrap_used)] // a test

#[path = "../authority/mod.rs"]
mod authority;
#[path = "../caller/mod.rs"]
mod caller;
mod layouts;
#[path = "../support/mod.rs"]
mod support;
mod thread;
mod trust;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use authority::{Authority, Folder, Issued};
use caller::{Setup, serve};
use oneport::Mode;
use oneport::tls::{Files, TlsConfig, Watch};
use support::{Server, within};

/// A server whose files are watched.
struct Watched {
    folder: Folder,
    ca: Authority,
    tls: TlsConfig,
    server: Server,
    /// What the watch told, one word each.
    told: Arc<Mutex<Vec<&'static str>>>,
    watch: Option<Watch>,
}

impl Watched {
    /// `lay` puts certificate 1 where `files` finds it.
    async fn new(lay: impl Fn(&Folder, &Issued), files: impl Fn(&Folder) -> Files) -> Self {
        let (folder, ca) = site();
        lay(&folder, &ca.server(1));
        let files = files(&folder);
        let tls = files.load().unwrap();
        let server = serve(&tls, Mode::Dual).await;
        let told = Arc::new(Mutex::new(Vec::new()));
        let note = told.clone();
        let watch = files.watch_and_tell(&tls, move |outcome| {
            let word = if outcome.is_ok() { "good" } else { "bad" };
            note.lock().unwrap().push(word);
        });
        let watched = Self {
            folder,
            ca,
            tls,
            server,
            told,
            watch: Some(watch),
        };
        watched.serves(1).await;
        watched
    }

    /// `server.crt` and `server.key`, side by side.
    async fn plain() -> Self {
        let lay = |folder: &Folder, one: &Issued| folder.put("server", one);
        Self::new(lay, Folder::server_files).await
    }

    /// Waits until this certificate is served. Nobody fails meanwhile.
    async fn serves(&self, serial: u64) {
        let serial = format!("{serial:02X}");
        let setup = Setup::trusting(&self.ca);
        within(async {
            loop {
                let call = setup.caller().call(self.server.addr).await.unwrap();
                if call.served().serial == serial {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Waits until the watch has told so much.
    async fn told(&self, words: &[&str]) {
        within(async {
            while *self.told.lock().unwrap() != words {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }
}

/// Where each test begins.
fn site() -> (Folder, Authority) {
    LazyLock::force(&LOG);
    (Folder::new(), Authority::new("servers"))
}

/// By another name first, then at once.
fn replace(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

/// What all watches have logged: they run on threads of their own.
static LOG: LazyLock<Arc<Mutex<Vec<u8>>>> = LazyLock::new(|| {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(move || Appending(writer.clone()))
        .with_ansi(false)
        .without_time()
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
});

/// The lines that name a file of this folder.
fn log_of(folder: &Folder) -> Vec<String> {
    let text = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let root = folder.root().to_str().unwrap();
    let lines = text.lines().filter(|line| line.contains(root));
    lines.map(str::to_owned).collect()
}

struct Appending(Arc<Mutex<Vec<u8>>>);

impl io::Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
