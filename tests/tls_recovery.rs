//! The development certificate survives damaged files, killed processes and
//! processes that start at once.
#![cfg(all(feature = "generate", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.
#![allow(clippy::print_stdout)] // How child processes report to their parent.

mod development;
mod handshake;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use oneport::tls::generate::{DevelopmentCertificate, GenerateError, Origin};

use development::{leftovers, made, serves, shakes_hands};

/// Damages one file, and says what is to become of it.
#[track_caller]
fn damaged(file: &str, expected: Origin, damage: impl Fn(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    let before = made(dir.path(), &[]);
    let ca = fs::read(before.ca_path()).unwrap();
    damage(&dir.path().join(file));
    let after = made(dir.path(), &[]);
    assert_eq!(after.origin(), expected, "{file}");
    serves(&after, &[]);
    assert_eq!(
        fs::read(after.ca_path()).unwrap() == ca,
        expected != Origin::Created,
        "{file}: the CA is replaced only where it must be"
    );
    assert_eq!(made(dir.path(), &[]).origin(), Origin::Reused, "{file}");
    let kept_aside = leftovers(dir.path());
    assert_eq!(
        !kept_aside.is_empty(),
        expected == Origin::Created,
        "{file}: {kept_aside:?}"
    );
    let known = ["ca.crt.old", "ca.key.old"];
    assert!(
        kept_aside.iter().all(|name| known.contains(&name.as_str())),
        "{file}: {kept_aside:?}"
    );
}

#[test]
fn damaged_files_are_replaced() {
    let other = tempfile::tempdir().unwrap();
    made(other.path(), &[]);
    for (file, origin) in [
        ("ca.crt", Origin::Created),
        // Nothing is to be signed, so nobody needs it.
        ("ca.key", Origin::Reused),
        ("server.crt", Origin::Reissued),
        ("server.key", Origin::Reissued),
    ] {
        damaged(file, origin, |path| fs::write(path, "").unwrap());
        damaged(file, origin, |path| {
            fs::write(path, b"\x00\xffgarbage").unwrap()
        });
        damaged(file, origin, |path| {
            let content = fs::read(path).unwrap();
            fs::write(path, &content[..content.len() / 2]).unwrap();
        });
        // A valid file that belongs to another set.
        damaged(file, origin, |path| {
            fs::copy(other.path().join(file), path).unwrap();
        });
        damaged(file, origin, |path| fs::remove_file(path).unwrap());
    }
}

#[test]
fn without_its_key_the_ca_is_replaced_and_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let old = fs::read(made(dir.path(), &[]).ca_path()).unwrap();
    fs::write(dir.path().join("ca.key"), "gone").unwrap();
    assert_eq!(made(dir.path(), &["dev.test"]).origin(), Origin::Created);
    assert_eq!(fs::read(dir.path().join("ca.crt.old")).unwrap(), old);
    assert_eq!(fs::read(dir.path().join("ca.key.old")).unwrap(), b"gone");
}

#[test]
fn what_a_killed_process_left_is_swept_up() {
    let dir = tempfile::tempdir().unwrap();
    for name in [".ca.key.new", ".server.crt.new"] {
        fs::write(dir.path().join(name), "half a fi").unwrap();
    }
    serves(&made(dir.path(), &[]), &[]);
    assert_eq!(leftovers(dir.path()), Vec::<String>::new());
}

/// Set for the processes that the tests start: this program again.
const CHILD: &str = "ONEPORT_TEST_CHILD";

fn child(test: &str, task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, task)
        .stdout(Stdio::piped());
    command
}

#[test]
fn processes_that_start_at_once_agree() {
    const PROCESSES: usize = 12;
    if let Ok(task) = std::env::var(CHILD) {
        let (name, dir) = task.split_once(' ').unwrap();
        let made = made(Path::new(dir), &[name]);
        // Not from its files: another process may be replacing the two just
        // now. What was taken under the lock is a pair.
        shakes_hands(&made, &made.tls_config().unwrap(), &[name]);
        println!("\norigin {:?}", made.origin());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..PROCESSES)
        .map(|n| {
            let task = format!("h{}.test {}", n % 4, dir.path().display());
            child("processes_that_start_at_once_agree", &task)
                .spawn()
                .unwrap()
        })
        .collect();
    let mut origins = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let origin = text.lines().find_map(|line| line.strip_prefix("origin "));
        origins.push(origin.unwrap().to_owned());
    }
    let count = |origin: &str| origins.iter().filter(|found| *found == origin).count();
    assert_eq!(count("Created"), 1, "{origins:?}");
    assert_eq!(
        count("Reissued"),
        3,
        "one for each further name: {origins:?}"
    );
    assert_eq!(count("Reused"), PROCESSES - 4, "{origins:?}");
    let last = made(dir.path(), &[]);
    serves(&last, &["h0.test", "h1.test", "h2.test", "h3.test"]);
    assert_eq!(leftovers(dir.path()), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_is_the_data_directory_of_the_user() {
    if std::env::var(CHILD).is_ok() {
        let made = DevelopmentCertificate::load_or_create(None, &[]).unwrap();
        println!("\nca {}", made.ca_path().display());
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let output = child("the_default_is_the_data_directory_of_the_user", "yes")
        .env("HOME", home.path())
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = home.path().join(".local/share/oneport/dev-certs/ca.crt");
    assert!(expected.is_file());
    let line = format!("ca {}", expected.display());
    assert!(String::from_utf8(output.stdout).unwrap().contains(&line));
}

#[test]
fn a_directory_that_stays_locked_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path(), &[]);
    let lock = fs::File::open(dir.path().join(".lock")).unwrap();
    lock.lock().unwrap();
    let started = Instant::now();
    let error = DevelopmentCertificate::load_or_create(Some(dir.path()), &[]).unwrap_err();
    assert!(matches!(error, GenerateError::Locked { .. }), "{error:?}");
    assert!(started.elapsed() >= Duration::from_secs(10));
    drop(lock);
    assert_eq!(made(dir.path(), &[]).origin(), Origin::Reused);
}
