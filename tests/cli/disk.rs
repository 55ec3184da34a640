//! A disk that is full, and files that may not be read or written.

use std::fs;
use std::path::Path;

use crate::process::Oneport;
use crate::wrapped::{
    FULL, allow, assert_bound, bound_by_permissions, command, ended, refused, started, write_pair,
};

fn kept_in(home: &Path) -> std::path::PathBuf {
    home.join(".local/share/oneport/dev-certs")
}

/// It says so, and starts when there is room again: what was half made is not in
/// the way.
#[tokio::test]
async fn a_full_disk_at_the_first_start() {
    let home = tempfile::tempdir().unwrap();
    let words = ["ca.key cannot be written", "--data-dir", "File too large"];
    for _ in 0..2 {
        refused(home.path(), FULL, &[], &words).await;
    }
    let server = Oneport::start_in(home, &[]).await;
    assert_eq!(server.curl("https", "/healthz", &[]).await, "ok\n");
}

/// A file system of its own with room for some of the files. Where such a thing
/// may not be mounted (a container), the limit above has to do: that is said.
#[tokio::test]
async fn a_disk_that_becomes_full() {
    let home = tempfile::tempdir().unwrap();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=8k none {0} && exec \"$@\"",
        disk.display()
    );
    let unshare: &[&str] = match rustix::process::geteuid().is_root() {
        true => &["unshare", "-m", "sh", "-c", &mount, "sh"],
        false => &["unshare", "-rm", "sh", "-c", &mount, "sh"],
    };
    let words = [unshare, &["true"]].concat();
    let mounted = crate::support::run(words[0], &words[1..]).await;
    let data = ["--data-dir", disk.to_str().unwrap()];
    match mounted.status.success() {
        true => {
            let words = ["cannot be written", "--data-dir", "No space left on device"];
            refused(home.path(), unshare, &data, &words).await;
        }
        false => {
            println!("nothing can be mounted here: {mounted:?}");
            refused(home.path(), FULL, &data, &["File too large"]).await;
        }
    }
}

/// Nothing has to be written then.
#[tokio::test]
async fn a_full_disk_under_a_certificate_that_is_kept() {
    let first = Oneport::start(&[]).await;
    let home = first.home.path().to_path_buf();
    let args = ["--data-dir", kept_in(&home).to_str().unwrap()].map(str::to_owned);
    let args = [args[0].as_str(), &args[1]];
    let mut server = started(tempfile::tempdir().unwrap(), FULL, &args).await;
    let ca = first.ca();
    let url = server.url("https", "/healthz");
    let curl = ["-sS", "--noproxy", "*", "--cacert", &ca, &url];
    server.signal("HUP").await;
    server.says("SIGHUP: reloaded").await;
    assert_eq!(crate::support::output_of("curl", &curl).await, "ok\n");
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

/// Nothing is left that looks as if it had been made.
#[tokio::test]
async fn a_full_disk_under_oneport_cert() {
    for args in [&["cert", "self-signed"][..], &["cert", "ca"]] {
        let home = tempfile::tempdir().unwrap();
        let mut command = command(home.path(), FULL, args);
        let output = command.current_dir(home.path()).output().await.unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{err}");
        assert!(err.contains("cannot be written"), "{err}");
        assert!(err.contains("File too large"), "{err}");
        let left: Vec<_> = fs::read_dir(home.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Whoever keeps files from us has a reason: they are not replaced.
#[tokio::test]
async fn a_development_certificate_that_may_not_be_read() {
    let wrapper = bound_by_permissions();
    assert_bound(wrapper).await;
    let first = Oneport::start(&[]).await;
    let kept = kept_in(first.home.path());
    let data = ["--data-dir", kept.to_str().unwrap()];
    let home = tempfile::tempdir().unwrap();
    for name in ["ca.crt", "server.crt", "server.key"] {
        let file = kept.join(name);
        let content = fs::read(&file).unwrap();
        allow(&file, 0o000);
        let words = [name, "Permission denied"];
        refused(home.path(), wrapper, &data, &words).await;
        allow(&file, 0o600);
        assert!(fs::read(&file).unwrap() == content, "{name}");
    }
    allow(&kept, 0o500);
    // There is nothing to be written.
    started(tempfile::tempdir().unwrap(), wrapper, &data).await;
    let data = [&data[..], &["--name", "another.example"]].concat();
    let words = ["cannot be written", "Permission denied"];
    refused(home.path(), wrapper, &data, &words).await;
    allow(&kept, 0o000);
    refused(home.path(), wrapper, &data, &["Permission denied"]).await;
    allow(&kept, 0o700);
}

#[tokio::test]
async fn own_files_that_may_not_be_read() {
    let wrapper = bound_by_permissions();
    assert_bound(wrapper).await;
    let home = tempfile::tempdir().unwrap();
    let (cert, key) = write_pair(home.path(), "a");
    let args = [
        "--cert",
        cert.to_str().unwrap(),
        "--key",
        key.to_str().unwrap(),
    ];
    for file in [&cert, &key] {
        allow(file, 0o000);
        let words = [file.to_str().unwrap(), "Permission denied"];
        refused(home.path(), wrapper, &args, &words).await;
        allow(file, 0o600);
    }
    let (code, _, err) = ended(home.path(), wrapper, &["cert", "show", args[1]]).await;
    assert_eq!(code, 0, "{err}");
    allow(&cert, 0o000);
    let (code, _, err) = ended(home.path(), wrapper, &["cert", "show", args[1]]).await;
    assert_eq!(code, 4, "{err}");
    assert!(err.contains("Permission denied"), "{err}");
}
