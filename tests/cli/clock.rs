//! A clock that jumps, by libfaketime.
//!
//! Every deadline of `Limits` is kept by `tokio::time::Instant`, which is
//! CLOCK_MONOTONIC: it does not jump. The time of day (`SystemTime`, rustls'
//! `UnixTime`) says whether certificates are valid, when the development
//! certificate and those from a CA are made anew, how old session tickets are, and
//! what stands in the log.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::process::Oneport;
use crate::support::{output_of, within};
use crate::wrapped::{refused, started};

/// The time of day as the server has it.
struct Clock {
    file: PathBuf,
    variables: Vec<String>,
}

impl Clock {
    fn new(home: &Path) -> Self {
        let library = fs::read_dir("/usr/lib")
            .unwrap()
            .map(|entry| entry.unwrap().path().join("faketime/libfaketimeMT.so.1"))
            .find(|path| path.exists())
            .expect("the package faketime is needed for this test");
        let file = home.join("clock");
        let variables = [
            format!("LD_PRELOAD={}", library.display()),
            format!("FAKETIME_TIMESTAMP_FILE={}", file.display()),
            "FAKETIME_NO_CACHE=1".to_owned(),
            // A jump is of the time of day alone. (Two versions, two names.)
            "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
            "DONT_FAKE_MONOTONIC=1".to_owned(),
        ];
        let clock = Self {
            file,
            variables: variables.into(),
        };
        clock.jump("+0");
        clock
    }

    /// So far from the truth, such as `+10y`.
    fn jump(&self, offset: &str) {
        let new = self.file.with_extension("new");
        fs::write(&new, offset).unwrap();
        fs::rename(new, &self.file).unwrap();
    }

    fn wrapper(&self) -> Vec<&str> {
        let variables = self.variables.iter().map(String::as_str);
        ["env"].into_iter().chain(variables).collect()
    }
}

/// Valid from today for a month, for its own client as for the server.
fn pair(home: &TempDir) -> [String; 2] {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(1);
    params.not_after = now + time::Duration::days(30);
    let cert = params.self_signed(&key).unwrap();
    let file = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let files = [file("a.crt"), file("a.key")];
    fs::write(&files[0], cert.pem()).unwrap();
    fs::write(&files[1], key.serialize_pem()).unwrap();
    files
}

async fn ask(server: &Oneport, cert: &str) {
    for scheme in ["http", "https"] {
        let url = server.url(scheme, "/healthz");
        let args = ["-sS", "--noproxy", "*", "--cacert", cert, &url];
        assert_eq!(output_of("curl", &args).await, "ok\n", "{scheme}");
    }
}

/// Whatever the clock says, the server serves with what it has, keeps its
/// deadlines, and takes no certificate that its clock calls expired.
#[tokio::test]
async fn that_jumps_while_it_serves() {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::new(home.path());
    let [cert, key] = pair(&home);
    let mut args = vec!["--cert", &cert, "--key", &key, "--no-watch"];
    args.extend(["--allow-plaintext", "--sniff-timeout", "1"]);
    let mut server = started(tempfile::tempdir().unwrap(), &clock.wrapper(), &args).await;
    ask(&server, &cert).await;
    for (offset, reloads) in [("+10y", false), ("-10y", false), ("+0", true)] {
        // The deadline of this one is before the jump, and after it.
        let mut silent = TcpStream::connect(server.addr).await.unwrap();
        let began = Instant::now();
        clock.jump(offset);
        ask(&server, &cert).await;
        let end = within(silent.read(&mut [0])).await;
        assert!(matches!(end, Ok(0)), "{offset}: {end:?}");
        let took = began.elapsed();
        let least = Duration::from_millis(950);
        assert!(
            took > least && took < Duration::from_secs(8),
            "{offset}: {took:?}"
        );

        server.signal("HUP").await;
        let said = server.says_at_once(&["SIGHUP: "]).await;
        match (reloads, offset) {
            (true, _) => assert!(said.contains("SIGHUP: reloaded"), "{offset}: {said}"),
            (_, "+10y") => assert!(said.contains("expired on"), "{offset}: {said}"),
            _ => assert!(said.contains("not valid before"), "{offset}: {said}"),
        }
        ask(&server, &cert).await;
    }
    clock.jump("-10y");
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn that_is_wrong_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let clock = Clock::new(home.path());
    let [cert, key] = pair(&home);
    let args = ["--cert", &cert, "--key", &key];
    for (offset, words) in [("+10y", "expired"), ("-10y", "not valid before")] {
        clock.jump(offset);
        refused(home.path(), &clock.wrapper(), &args, &[words, &cert]).await;
    }
    // A development certificate is made for the day it is taken for; nobody has to
    // wait when the clock is right again.
    clock.jump("-10y");
    let wrong = started(home, &clock.wrapper(), &[]).await;
    let data = wrong.ca().replace("/ca.crt", "");
    clock.jump("+0");
    let right = started(
        tempfile::tempdir().unwrap(),
        &clock.wrapper(),
        &["--data-dir", &data],
    )
    .await;
    let url = right.url("https", "/healthz");
    let ca = wrong.ca();
    let args = ["-sS", "--noproxy", "*", "--cacert", &ca, &url];
    assert_eq!(output_of("curl", &args).await, "ok\n");
}
