//! A directory with certificates, a free port, and the server that is started there.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::authority::{Authority, Folder, Issued};

/// Made anew for each test.
pub(crate) struct Site {
    pub(crate) port: u16,
    pub(crate) authority: Authority,
    folder: Folder,
}

/// Killed when dropped.
pub(crate) struct Running {
    _child: Child,
}

impl Site {
    /// With `ca.crt`; `server.crt`, `server.key` and both in `server.pem`, for
    /// localhost; `client.crt`, `client.key`.
    pub(crate) async fn new() -> Self {
        let authority = Authority::new("servers test CA");
        let folder = Folder::new();
        // Some servers, started by root, go on as somebody else.
        fs::set_permissions(folder.root(), fs::Permissions::from_mode(0o755)).unwrap();
        let site = Self {
            port: free_port().await,
            authority,
            folder,
        };
        site.write("ca.crt", &site.authority.pem);
        site.write_identity("server", &site.authority.server(1));
        site.write_identity("client", &site.authority.issue(2, &["client1"]));
        site
    }

    /// NAME.crt, NAME.key, and both in NAME.pem.
    pub(crate) fn write_identity(&self, name: &str, issued: &Issued) {
        let key = issued.key.serialize_pem();
        self.write(&format!("{name}.crt"), &issued.pem);
        self.write(&format!("{name}.key"), &key);
        self.write(&format!("{name}.pem"), &format!("{}{key}", issued.pem));
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path(name).to_str().unwrap().to_owned()
    }

    /// Of this directory: `.`.
    pub(crate) fn root(&self) -> &Path {
        self.folder.root()
    }

    pub(crate) fn ca(&self) -> String {
        self.path("ca.crt")
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}/", self.port)
    }

    /// `PORT`, `CERT`, `KEY`, `CA` and `DIR` in a template are replaced.
    pub(crate) fn filled(&self, template: &str) -> String {
        template
            .replace("{PORT}", &self.port.to_string())
            .replace("{CERT}", &self.path("server.crt"))
            .replace("{KEY}", &self.path("server.key"))
            .replace("{PEM}", &self.path("server.pem"))
            .replace("{CA}", &self.ca())
            .replace("{DIR}", self.root().to_str().unwrap())
    }

    /// Until somebody listens at the port. `arguments` are templates too.
    pub(crate) async fn start(&self, program: &str, arguments: &[&str]) -> Running {
        let log = File::create(self.path("server.log")).unwrap();
        let mut command = Command::new(program);
        command
            .args(arguments.iter().map(|argument| self.filled(argument)))
            .current_dir(self.root())
            .env("HOME", self.root())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "{program} is needed: run `.ci/run setup` and tests/real_servers/prepare ({error})"
            )
        });
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            let ended = child.try_wait().unwrap();
            let patient = begun.elapsed() < Duration::from_secs(20);
            assert!(
                ended.is_none() && patient,
                "{program} does not listen ({ended:?}):\n{}",
                fs::read_to_string(self.path("server.log")).unwrap()
            );
            sleep(Duration::from_millis(10)).await;
        }
        Running { _child: child }
    }
}

/// What `prepare` has made.
pub(crate) fn prepared(name: &str) -> String {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/target/servers/");
    let path = format!("{target}{name}");
    let there = Path::new(&path).exists();
    assert!(there, "{path} is needed: run tests/real_servers/prepare");
    path
}

/// A file next to this one.
pub(crate) fn source(name: &str) -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_servers/").to_owned() + name
}

/// A port of 127.0.0.1 that is free, and is not one of those that the system
/// gives to whoever asks for any (from 32768 on, on Linux).
async fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12_000 + u16::try_from(next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return port;
        }
    }
}
