//! A CA on this machine: Pebble, with a DNS that leads every name to 127.0.0.1.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::support::{Pki, output_of};

/// Nobody listens there.
pub(crate) const NOWHERE: u16 = 1;

/// What is to be known of the CA before it is started.
pub(crate) struct Settings {
    /// Where http-01 comes to.
    pub(crate) http: u16,
    /// Where tls-alpn-01 comes to.
    pub(crate) tls: u16,
    /// Of its certificates, in seconds.
    pub(crate) validity: u64,
}

/// A running CA. Killed when dropped.
pub(crate) struct Pebble {
    /// For the CA's own HTTPS server.
    pub(crate) pki: Pki,
    port: u16,
    management: u16,
    settings: Settings,
    dns: Dns,
    child: Option<Child>,
}

/// Answers A queries with 127.0.0.1, unless told otherwise. Killed when dropped.
struct Dns {
    port: u16,
    management: u16,
    _child: Child,
}

impl Pebble {
    pub(crate) async fn start(settings: Settings) -> Self {
        let mut pebble = Self::stopped(settings).await;
        pebble.start_again().await;
        pebble
    }

    /// Its address is known, and nobody is there.
    pub(crate) async fn stopped(settings: Settings) -> Self {
        Self {
            pki: Pki::new(),
            port: free_port().await,
            management: free_port().await,
            settings,
            dns: Dns::start().await,
            child: None,
        }
    }

    /// At the same address. It has forgotten its accounts, and has new keys.
    pub(crate) async fn start_again(&mut self) {
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{}", self.port),
            "managementListenAddress": format!("127.0.0.1:{}", self.management),
            "certificate": self.pki.cert_path(),
            "privateKey": self.pki.key_path(),
            "httpPort": self.settings.http,
            "tlsPort": self.settings.tls,
            "certificateValidityPeriod": self.settings.validity,
        }});
        let path = self.pki.directory.path().join("pebble.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let dns = format!("127.0.0.1:{}", self.dns.port);
        let mut command = program("pebble");
        command
            .arg("-config")
            .arg(&path)
            .args(["-strict", "-dnsserver", &dns])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // Every order is validated.
            .env("PEBBLE_AUTHZREUSE", "0");
        self.child = Some(spawn(command));
        listening(self.port).await;
        listening(self.management).await;
    }

    pub(crate) async fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().await.unwrap();
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.port)
    }

    /// What its HTTPS server is to be trusted by.
    pub(crate) fn root(&self) -> PathBuf {
        self.pki.ca_path()
    }

    /// What its certificates are to be trusted by, in PEM.
    pub(crate) async fn issuing_root(&self) -> String {
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let ca = self.pki.ca_path();
        let ca = ca.to_str().unwrap();
        output_of("curl", &["-sSf", "--noproxy", "*", "--cacert", ca, &url]).await
    }

    /// From here on this domain leads to another address.
    pub(crate) async fn lead(&self, domain: &str, address: &str) {
        let url = |what| format!("http://127.0.0.1:{}/{what}", self.dns.management);
        let ask = async |what, body: serde_json::Value| {
            let body = body.to_string();
            output_of("curl", &["-sSf", "--noproxy", "*", "-d", &body, &url(what)]).await
        };
        ask("clear-a", serde_json::json!({ "host": domain })).await;
        let record = serde_json::json!({ "host": domain, "addresses": [address] });
        ask("add-a", record).await;
    }
}

impl Dns {
    async fn start() -> Self {
        let (port, management) = (free_port().await, free_port().await);
        let mut command = program("pebble-challtestsrv");
        command
            .args(["-dns01", &format!("127.0.0.1:{port}")])
            .args(["-management", &format!("127.0.0.1:{management}")])
            .args([
                "-defaultIPv6",
                "",
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
            ]);
        let child = spawn(command);
        listening(management).await;
        listening(port).await;
        Self {
            port,
            management,
            _child: child,
        }
    }
}

fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

fn spawn(mut command: Command) -> Child {
    command.spawn().unwrap_or_else(|error| {
        let program = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        panic!("{program} is needed, on Debian: apt-get install pebble ({error})")
    })
}

/// A port of 127.0.0.1 that is free, and is not one of those that the system
/// gives to whoever asks for any (from 32768 on, on Linux).
pub(crate) async fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id() + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 12_000 + u16::try_from(next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).await.is_ok() {
            return port;
        }
    }
}

async fn listening(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody listens");
        sleep(Duration::from_millis(20)).await;
    }
}
