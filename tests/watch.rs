//! Files that change under a running server, in every way in which those who
//! renew certificates change them. Each outcome is waited for at the server.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![cfg(unix)] // symbolic links
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use authority::{Authority, Folder, Issued};
use caller::{Caller, Setup, serve};
use oneport::Mode;
use oneport::tls::{Files, TlsConfig, Watch};
use rustls::AlertDescription;
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
        LazyLock::force(&LOG);
        let (folder, ca) = (Folder::new(), Authority::new("servers"));
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

/// By another name first, then at once.
fn replace(path: &Path, content: &str) {
    let new = path.with_extension("new");
    fs::write(&new, content).unwrap();
    fs::rename(new, path).unwrap();
}

/// A symbolic link, in the place of one that may be there.
fn relink(target: &str, link: &Path) {
    let new = link.with_extension("new");
    symlink(target, &new).unwrap();
    fs::rename(new, link).unwrap();
}

#[tokio::test]
async fn files_that_are_written_again() {
    let watched = Watched::plain().await;
    for serial in [2, 3] {
        watched.folder.put("server", &watched.ca.server(serial));
        watched.serves(serial).await;
    }
}

#[tokio::test]
async fn files_that_are_replaced() {
    let watched = Watched::plain().await;
    for serial in [2, 3] {
        let renewed = watched.ca.server(serial);
        replace(&watched.path("server.crt"), &renewed.pem);
        replace(&watched.path("server.key"), &renewed.key.serialize_pem());
        watched.serves(serial).await;
    }
}

/// `live/DOMAIN/fullchain.pem` is a link to
/// `../../archive/DOMAIN/fullchain1.pem`; a renewal writes the next numbers and
/// moves the links, one after the other.
#[tokio::test]
async fn as_certbot_does_it() {
    let archive = |folder: &Folder, issued: &Issued, number: u64| {
        let name = |kind| format!("archive/example.test/{kind}{number}.pem");
        folder.write(&name("fullchain"), &issued.pem);
        folder.write(&name("privkey"), issued.key.serialize_pem());
    };
    let link = |folder: &Folder, number: u64| {
        for kind in ["fullchain", "privkey"] {
            let link = folder.path(&format!("live/example.test/{kind}.pem"));
            // As certbot does it: for a moment there is none.
            let _ = fs::remove_file(&link);
            let target = format!("../../archive/example.test/{kind}{number}.pem");
            symlink(target, link).unwrap();
        }
    };
    let lay = |folder: &Folder, one: &Issued| {
        for directory in ["archive/example.test", "live/example.test"] {
            fs::create_dir_all(folder.path(directory)).unwrap();
        }
        archive(folder, one, 1);
        link(folder, 1);
    };
    let files = |folder: &Folder| {
        let live = folder.path("live/example.test");
        Files::new(live.join("fullchain.pem"), live.join("privkey.pem"))
    };
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3] {
        archive(&watched.folder, &watched.ca.server(serial), serial);
        link(&watched.folder, serial);
        watched.serves(serial).await;
    }
    // What the links lead to may be written as well.
    archive(&watched.folder, &watched.ca.server(4), 3);
    watched.serves(4).await;
}

/// `tls.crt` is a link to `..data/tls.crt`, `..data` one to a directory with a
/// date, and swapped by a rename; then the old directory goes.
#[tokio::test]
async fn as_kubernetes_does_it() {
    let directory = |folder: &Folder, issued: &Issued, name: &str| {
        fs::create_dir(folder.path(name)).unwrap();
        folder.write(&format!("{name}/tls.crt"), &issued.pem);
        folder.write(&format!("{name}/tls.key"), issued.key.serialize_pem());
    };
    let lay = |folder: &Folder, one: &Issued| {
        directory(folder, one, "..2024_1");
        symlink("..2024_1", folder.path("..data")).unwrap();
        for name in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{name}"), folder.path(name)).unwrap();
        }
    };
    let files = |folder: &Folder| Files::new(folder.path("tls.crt"), folder.path("tls.key"));
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3, 4] {
        let (old, new) = (format!("..2024_{}", serial - 1), format!("..2024_{serial}"));
        directory(&watched.folder, &watched.ca.server(serial), &new);
        symlink(&new, watched.path("..data_tmp")).unwrap();
        fs::rename(watched.path("..data_tmp"), watched.path("..data")).unwrap();
        fs::remove_dir_all(watched.path(&old)).unwrap();
        watched.serves(serial).await;
    }
    // Nothing bad was seen on the way: the swap is one step.
    watched.told(&["good"; 3]).await;
}

/// A link in the middle of the path, absolute at first.
#[tokio::test]
async fn a_link_to_a_directory() {
    let release = |folder: &Folder, issued: &Issued, name: &str| {
        fs::create_dir_all(folder.path(name)).unwrap();
        folder.write(&format!("{name}/server.crt"), &issued.pem);
        folder.write(&format!("{name}/server.key"), issued.key.serialize_pem());
    };
    let lay = |folder: &Folder, one: &Issued| {
        release(folder, one, "releases/1/tls");
        symlink(folder.path("releases/1"), folder.path("current")).unwrap();
    };
    let files = |folder: &Folder| {
        let tls = folder.path("current/tls");
        Files::new(tls.join("server.crt"), tls.join("server.key"))
    };
    let watched = Watched::new(lay, files).await;
    for serial in [2, 3] {
        let name = format!("releases/{serial}");
        let renewed = watched.ca.server(serial);
        release(&watched.folder, &renewed, &format!("{name}/tls"));
        relink(&name, &watched.path("current"));
        watched.serves(serial).await;
    }
    // And back to the first.
    relink("releases/1", &watched.path("current"));
    watched.serves(1).await;
}

#[tokio::test]
async fn bad_files_stay_outside_and_good_ones_come_in() {
    let watched = Watched::plain().await;
    let before = watched.tls.current();
    let renewed = watched.ca.server(2);
    let key = watched.path("server.key");
    fs::write(&key, renewed.key.serialize_pem()).unwrap();
    watched.told(&["bad"]).await;
    assert!(Arc::ptr_eq(&before, &watched.tls.current()));
    watched.serves(1).await;
    let lines = log_of(&watched.folder);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains(" WARN "), "{lines:#?}");
    assert!(lines[0].contains("stays in use"), "{lines:#?}");
    assert!(lines[0].contains("does not belong to"), "{lines:#?}");

    // Another fault is another line.
    fs::remove_file(&key).unwrap();
    watched.told(&["bad", "bad"]).await;
    watched.serves(1).await;
    assert!(log_of(&watched.folder)[1].contains("server.key does not exist"));

    watched.folder.put("server", &renewed);
    watched.serves(2).await;
    let told = watched.told.lock().unwrap().clone();
    // Between the two files it may have looked.
    assert!(matches!(told[..], ["bad", "bad", .., "good"]), "{told:?}");
}

/// Everything that decides who is served, revocation above all.
#[tokio::test]
async fn files_of_client_trust_are_watched_too() {
    let (one, two) = (Authority::new("first"), Authority::new("second"));
    let lay = |folder: &Folder, issued: &Issued| {
        folder.put("server", issued);
        folder.write("clients.crt", &one.pem);
        folder.write("clients.crl", one.crl(&[]) + &two.crl(&[]));
    };
    let files = |folder: &Folder| {
        let optional = oneport::tls::ClientAuth::Optional;
        let files = folder.server_files().client_auth(optional);
        let files = files.client_ca(folder.path("clients.crt"));
        files.client_crl(folder.path("clients.crl"))
    };
    let watched = Watched::new(lay, files).await;
    let addr = watched.server.addr;
    let client = |ca: &Authority, serial| {
        let client = ca.issue(serial, &["client"]);
        Setup::trusting(&watched.ca).showing(&client).caller()
    };
    let becomes = async |caller: &Caller, alert: Option<AlertDescription>| {
        within(async {
            loop {
                let call = caller.call(addr).await;
                let now = match call {
                    Ok(call) => {
                        call.served();
                        None
                    }
                    Err(rustls::Error::AlertReceived(alert)) => Some(alert),
                    Err(error) => panic!("{error}"),
                };
                if now == alert {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    };
    let (first, second) = (client(&one, 7), client(&two, 8));
    becomes(&first, None).await;
    becomes(&second, Some(AlertDescription::UnknownCA)).await;

    let both = format!("{}{}", one.pem, two.pem);
    fs::write(watched.path("clients.crt"), both).unwrap();
    becomes(&second, None).await;
    let list = one.crl(&[7]) + &two.crl(&[]);
    fs::write(watched.path("clients.crl"), list).unwrap();
    becomes(&first, Some(AlertDescription::CertificateRevoked)).await;
    becomes(&second, None).await;
}

/// Whoever renews does not wait for the server to watch: the files may be newer
/// than what it has loaded.
#[tokio::test]
async fn files_that_changed_before_they_were_watched() {
    let (folder, ca) = (Folder::new(), Authority::new("servers"));
    folder.put("server", &ca.server(1));
    let files = folder.server_files();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    folder.put("server", &ca.server(2));
    let watched = Watched {
        watch: Some(files.watch(&tls)),
        told: Arc::default(),
        folder,
        ca,
        tls,
        server,
    };
    watched.serves(2).await;
}

/// The thread ends with the watch, and what it held goes.
#[tokio::test]
async fn a_dropped_watch_watches_nothing() {
    let mut watched = Watched::plain().await;
    watched.folder.put("server", &watched.ca.server(2));
    watched.serves(2).await;
    drop(watched.watch.take());
    within(async {
        // The thread has the other one.
        while Arc::strong_count(&watched.told) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let before = watched.tls.current();
    watched.folder.put("server", &watched.ca.server(3));
    watched.serves(2).await;
    assert!(Arc::ptr_eq(&before, &watched.tls.current()));
}

/// Reading is an event as well: if it woke the watch, reading would lead to
/// reading for ever. Counted are the thread's own system calls.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn our_own_reading_wakes_nobody() {
    let (folder, ca) = (Folder::new(), Authority::new("servers"));
    folder.put("server", &ca.server(1));
    let files = folder.server_files();
    let tls = files.load().unwrap();
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let _watch = files.clone().watch_and_tell(&tls, move |outcome| {
        let thread = fs::read_link("/proc/thread-self").unwrap();
        sender.send((outcome.is_ok(), thread)).unwrap();
    });
    folder.put("server", &ca.server(2));
    let mut thread = None;
    while tls_serial(&files) != "02" || thread.is_none() {
        let (_, of) = within(told.recv()).await.unwrap();
        thread = Some(of);
    }
    let io = Path::new("/proc").join(thread.unwrap()).join("io");
    let reads = || -> u64 {
        let text = fs::read_to_string(&io).unwrap();
        let line = text.lines().find(|line| line.starts_with("syscr: "));
        line.unwrap()["syscr: ".len()..].parse().unwrap()
    };
    // The last events of our writing may still be on their way: at most one
    // look of some ten reads. Looks that follow each other after 200 ms, and
    // everybody else's reading, would be a hundred.
    let before = reads();
    let until = tokio::time::Instant::now() + Duration::from_secs(3);
    while tokio::time::Instant::now() < until {
        assert_eq!(tls_serial(&files), "02");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let more = reads() - before;
    assert!(more < 25, "{more} reads in 3 s of silence");
    assert!(told.try_recv().is_err(), "nothing has changed");
}

/// Of the first certificate file, read anew.
#[cfg(target_os = "linux")]
fn tls_serial(files: &Files) -> String {
    let path = files.paths().next().unwrap();
    oneport::tls::describe::leaf(path).unwrap().serial
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
