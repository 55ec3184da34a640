//! A running `oneport`.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::support::{output_of, run, within};

/// The binary, with a home directory of its own and none of the variables of
/// whoever runs the tests.
pub(crate) fn command(home: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oneport"));
    command
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs the binary to its own end: exit code, stdout, stderr.
pub(crate) async fn ended(args: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = within(command(&home, args).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A server that has said where it listens. Killed when dropped.
pub(crate) struct Oneport {
    pub(crate) addr: SocketAddr,
    /// What it printed on stdout.
    pub(crate) report: String,
    pub(crate) home: TempDir,
    child: Child,
    _stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// Read of its log so far.
    said: String,
}

impl Oneport {
    /// On a free port of 127.0.0.1, unless `args` say otherwise.
    pub(crate) async fn start(args: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), args).await
    }

    /// With this home directory.
    pub(crate) async fn start_in(home: TempDir, args: &[&str]) -> Self {
        let mut all = vec!["--listen", "127.0.0.1:0"];
        if args.contains(&"--listen") {
            all.clear();
        }
        all.extend(args);
        let command = command(&home, &all);
        Self::started(home, command).await
    }

    pub(crate) async fn started(home: TempDir, mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut report = String::new();
        while !is_complete(&report) {
            if within(stdout.read_line(&mut report)).await.unwrap() == 0 {
                let mut words = String::new();
                within(stderr.read_to_string(&mut words)).await.unwrap();
                panic!("it ended: {report}{words}");
            }
        }
        Self {
            addr: address_in(&report),
            report,
            home,
            child,
            _stdout: stdout,
            stderr,
            said: String::new(),
        }
    }

    pub(crate) fn url(&self, scheme: &str, path: &str) -> String {
        format!("{scheme}://localhost:{}{path}", self.addr.port())
    }

    /// The development CA.
    pub(crate) fn ca(&self) -> String {
        let directory = self.home.path().join(".local/share/oneport/dev-certs");
        directory.join("ca.crt").to_str().unwrap().to_owned()
    }

    /// What curl prints for this path; over https it verifies the certificate.
    pub(crate) async fn curl(&self, scheme: &str, path: &str, options: &[&str]) -> String {
        let (ca, url) = (self.ca(), self.url(scheme, path));
        let mut args = vec!["-sS", "--noproxy", "*"];
        if scheme == "https" {
            args.extend(["--cacert", &ca]);
        }
        args.extend(options);
        args.push(&url);
        output_of("curl", &args).await
    }

    /// The status of the answer alone.
    pub(crate) async fn status(&self, scheme: &str, path: &str, options: &[&str]) -> String {
        let quiet = ["-o", "/dev/null", "-w", "%{http_code}"];
        self.curl(scheme, path, &[&quiet, options].concat()).await
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("still running")
    }

    /// How it ends, while nobody reads its pipes.
    #[allow(dead_code)] // tests/cli uses it
    pub(crate) async fn ended_unread(&mut self) -> ExitStatus {
        within(self.child.wait()).await.unwrap()
    }

    /// Closes our ends of its pipes.
    #[allow(dead_code)] // tests/cli uses it
    pub(crate) fn into_child(self) -> Child {
        self.child
    }

    /// Sends `INT` or `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(run("kill", &["-s", name, &pid]).await.status.success());
    }

    /// Waits until a line with these words is in the log.
    pub(crate) async fn says(&mut self, words: &str) {
        while !self.said.contains(words) {
            let read = within(self.stderr.read_line(&mut self.said)).await.unwrap();
            assert_ne!(read, 0, "it ended: {}", self.said);
        }
    }

    /// Reads on until a line of the log has all of these words.
    #[allow(dead_code)] // tests/cli uses it
    pub(crate) async fn says_at_once(&mut self, words: &[&str]) -> String {
        loop {
            let mut line = String::new();
            let read = within(self.stderr.read_line(&mut line)).await.unwrap();
            assert_ne!(read, 0, "it ended: {}", self.said);
            self.said.push_str(&line);
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }

    /// Waits for its end: the exit code, and the log.
    pub(crate) async fn end(mut self) -> (i32, String) {
        let status: ExitStatus = within(self.child.wait()).await.unwrap();
        (status.code().expect("not killed"), self.log().await)
    }

    /// As [`end`](Self::end); the home directory stays.
    #[allow(dead_code)] // tests/acme uses it
    pub(crate) async fn end_and_leave_home(mut self) -> (TempDir, (i32, String)) {
        let unused = tempfile::tempdir().unwrap();
        let home = std::mem::replace(&mut self.home, unused);
        (home, self.end().await)
    }

    /// Stops it, and returns what it has logged: all of it, which a killed one has not
    /// written yet.
    pub(crate) async fn stopped(mut self) -> String {
        self.signal("TERM").await;
        within(self.child.wait()).await.unwrap();
        self.log().await
    }

    async fn log(&mut self) -> String {
        let mut log = std::mem::take(&mut self.said);
        within(self.stderr.read_to_string(&mut log)).await.unwrap();
        log
    }
}

/// The commands are its last part; JSON is one line.
fn is_complete(report: &str) -> bool {
    report.matches("    curl ").count() == 2 || report.starts_with('{')
}

fn address_in(report: &str) -> SocketAddr {
    let json = report.starts_with('{').then(|| {
        let report: serde_json::Value = serde_json::from_str(report).unwrap();
        report["address"].as_str().unwrap().to_owned()
    });
    let text = || report.lines().next()?.split(" listens on ").nth(1);
    let address = json.as_deref().or_else(text).expect("an address");
    address.parse().unwrap()
}
