//! A directory in which `oneport cert` makes its files.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::SystemTime;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::process::command;
use crate::support::within;

pub(crate) struct Certs(TempDir);

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Certs {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// As [`Certs::path`], for an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// Sets the mode of a file.
    pub(crate) fn allow(&self, name: &str, mode: u32) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(self.path(name), mode).unwrap();
    }

    /// Everything that is there, with the content of files and the time of its
    /// last change.
    pub(crate) fn everything(&self) -> Vec<(String, Vec<u8>, SystemTime)> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let files = entries.map(|entry| entry.unwrap()).map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let changed = entry.metadata().unwrap().modified().unwrap();
            let content = match entry.path().is_file() {
                true => std::fs::read(entry.path()).unwrap(),
                false => Vec::new(),
            };
            (name, content, changed)
        });
        let mut files: Vec<_> = files.collect();
        files.sort();
        files
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let files = self.everything().into_iter();
        files.map(|(name, _, _)| name).collect()
    }

    /// `oneport cert` with arguments that are split at spaces.
    pub(crate) async fn cert(&self, args: &str) -> Ended {
        self.cert_with(args, "").await
    }

    /// As [`Certs::cert`], with this on its standard input.
    pub(crate) async fn cert_with(&self, args: &str, input: &str) -> Ended {
        let args: Vec<_> = ["cert"].into_iter().chain(args.split(' ')).collect();
        let mut command = command(&self.0, &args);
        command.current_dir(self.0.path()).stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // It may not be read.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = within(child.wait_with_output()).await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// What it printed, when it did what it was to do.
    pub(crate) async fn made(&self, args: &str) -> String {
        let ended = self.cert(args).await;
        assert_eq!(ended.code, 0, "{args}: {}", ended.err);
        ended.out
    }

    pub(crate) async fn json(&self, args: &str) -> serde_json::Value {
        let out = self.made(&format!("{args} --json")).await;
        serde_json::from_str(&out).unwrap()
    }

    /// What `oneport cert show` says is wrong with a file, line by line.
    pub(crate) async fn problems(&self, file: &str) -> String {
        let shown = self.json(&format!("show {file}")).await;
        let problems = shown["problems"].as_array().unwrap().iter();
        let lines: Vec<_> = problems.map(|line| line.as_str().unwrap()).collect();
        lines.join("\n")
    }

    /// `openssl` with arguments that are split at spaces: whether it succeeded,
    /// and what it printed.
    pub(crate) async fn openssl(&self, args: &str) -> (bool, String) {
        let mut command = Command::new("openssl");
        command.args(args.split(' ')).current_dir(self.0.path());
        let output = within(command.kill_on_drop(true).output()).await;
        let output = output.expect("the openssl command is needed for this test");
        let mut said = String::from_utf8(output.stdout).unwrap();
        said.push_str(&String::from_utf8(output.stderr).unwrap());
        (output.status.success(), said)
    }

    /// What it printed, when it succeeded.
    pub(crate) async fn openssl_says(&self, args: &str) -> String {
        let (succeeded, said) = self.openssl(args).await;
        assert!(succeeded, "openssl {args}: {said}");
        said
    }

    /// `serverSS.crt` as the old recipe makes it: without extensions.
    pub(crate) async fn version_1(&self) {
        self.openssl_says("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out serverSS.key")
            .await;
        self.openssl_says("req -new -key serverSS.key -subj /CN=localhost -out serverSS.csr")
            .await;
        self.openssl_says(
            "x509 -req -in serverSS.csr -signkey serverSS.key -days 365 -out serverSS.crt",
        )
        .await;
    }
}
