//! The binary behind another program, which takes something away from it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::process::Oneport;
use crate::support::{output_of, within};

const BINARY: &str = env!("CARGO_BIN_EXE_oneport");

/// Files can be made, and nothing be written into them: the same as a full disk
/// but for the error's number. (Ignoring the signal is inherited; its default is to
/// end the process.)
pub(crate) const FULL: &[&str] = &["env", "--ignore-signal=XFSZ", "prlimit", "--fsize=0"];

/// Without the powers of root, whom no permissions bind otherwise. Nothing for
/// anybody else.
pub(crate) fn bound_by_permissions() -> &'static [&'static str] {
    match rustix::process::geteuid().is_root() {
        true => &["setpriv", "--bounding-set=-all"],
        false => &[],
    }
}

/// As `process::command`, behind `wrapper`.
pub(crate) fn command(home: &Path, wrapper: &[&str], args: &[&str]) -> Command {
    let words = [wrapper, &[BINARY], args].concat();
    let mut command = Command::new("env");
    command
        .args(["-i", &format!("HOME={}", home.display())])
        .arg(format!("PATH={}", std::env::var("PATH").unwrap()))
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it to its own end: exit code, stdout, stderr.
pub(crate) async fn ended(home: &Path, wrapper: &[&str], args: &[&str]) -> (i32, String, String) {
    let output = within(command(home, wrapper, args).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    let code = output.status.code();
    let code = code.unwrap_or_else(|| panic!("{:?}: {err}", output.status));
    assert!(!err.contains("panicked"), "{err}");
    (code, out, err)
}

/// Refuses to start for the certificate's sake, in these words.
#[track_caller]
pub(crate) fn refused(
    home: &Path,
    wrapper: &[&str],
    args: &[&str],
    words: &[&str],
) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let args = [&["--listen", "127.0.0.1:0"], args].concat();
        let (code, out, err) = ended(home, wrapper, &args).await;
        assert_eq!((code, out.as_str()), (4, ""), "{place}: {err}");
        for word in words {
            assert!(err.contains(word), "{place}: `{word}` not in: {err}");
        }
    }
}

/// A server behind it.
pub(crate) async fn started(home: TempDir, wrapper: &[&str], args: &[&str]) -> Oneport {
    let args = [&["--listen", "127.0.0.1:0"], args].concat();
    let command = command(home.path(), wrapper, &args);
    Oneport::started(home, command).await
}

/// A certificate for localhost that signed itself, and its key.
pub(crate) fn write_pair(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = |extension: &str| directory.join(format!("{name}.{extension}"));
    std::fs::write(file("crt"), made.cert.pem()).unwrap();
    std::fs::write(file("key"), made.signing_key.serialize_pem()).unwrap();
    (file("crt"), file("key"))
}

/// Fails if this wrapper does not do what it is for.
pub(crate) async fn assert_bound(wrapper: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    std::fs::write(&file, "").unwrap();
    allow(&file, 0o000);
    let script = format!(
        "cat {0} 2>/dev/null && echo read || echo not",
        file.display()
    );
    let words = [wrapper, &["sh", "-c", &script]].concat();
    assert_eq!(output_of(words[0], &words[1..]).await, "not\n", "{words:?}");
}

pub(crate) fn allow(path: &Path, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, mode).unwrap();
}
