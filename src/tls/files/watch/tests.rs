use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;

use super::*;

const WITHIN: Duration = Duration::from_secs(20);

/// A certificate in a file that holds its key as well, whole from the start.
fn write(path: &Path, not_before: SystemTime) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = not_before.into();
    let made = params.self_signed(&key).unwrap();
    let new = path.with_extension("new");
    fs::write(&new, made.pem() + &key.serialize_pem()).unwrap();
    fs::rename(new, path).unwrap();
    made.der().clone()
}

fn long_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(60)
}

fn watched(poll: Duration, files: &Files, config: &TlsConfig) -> (Watch, Receiver<bool>) {
    let (told, outcomes) = channel();
    let tell = move |outcome: Result<(), &TlsConfigError>| told.send(outcome.is_ok()).unwrap();
    (Watch::every(poll, files.clone(), config, tell), outcomes)
}

/// A CA's clock was some seconds ahead. The new certificate was looked at once,
/// refused as not valid yet, and never again: the old one ran out.
#[test]
fn what_was_not_good_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("combined.pem");
    write(&path, long_ago());
    let files = Files::new(&path, &path);
    let config = files.load().unwrap();
    let (_watch, outcomes) = watched(Duration::from_millis(50), &files, &config);
    // Its second is what counts of it: between five and six from now.
    let new = write(&path, SystemTime::now() + Duration::from_secs(6));
    assert!(!outcomes.recv_timeout(WITHIN).unwrap(), "not valid yet");
    assert!(outcomes.recv_timeout(WITHIN).unwrap(), "told once only");
    assert_eq!(config.chains(), [[new]]);
}

/// What changed between `load` and `watch`, while a server started, was taken
/// for what had been loaded, until the next change.
#[test]
fn what_changed_before_the_watch_began_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("combined.pem");
    write(&path, long_ago());
    let files = Files::new(&path, &path);
    let config = files.load().unwrap();
    let new = write(&path, long_ago());
    let (watch, outcomes) = watched(POLL, &files, &config);
    assert!(outcomes.recv_timeout(WITHIN).unwrap());
    assert_eq!(config.chains(), [[new]]);
    drop(watch);
    // And what did not change is not loaded again.
    let (_watch, outcomes) = watched(Duration::from_millis(10), &files, &config);
    let nothing = outcomes.recv_timeout(Duration::from_millis(200));
    assert!(nothing.is_err(), "{nothing:?}");
}

/// SIGHUP and a watch at once: who had read the old files came to its end last,
/// and its configuration stayed.
#[cfg(unix)]
#[test]
fn of_two_reloads_the_later_files_stay() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("combined.pem");
    let slow = dir.path().join("secrets");
    write(&path, long_ago());
    let files = Files::new(&path, &path);
    let config = files.load().unwrap();
    let made = std::process::Command::new("mkfifo").arg(&slow).status();
    assert!(made.unwrap().success());

    let slowly = files.clone().ticket_secrets(&slow).allow_special_files();
    let first = thread::spawn({
        let config = config.clone();
        move || slowly.reload(&config).unwrap()
    });
    // Opens when the other end does, which is after the certificate was read.
    let mut secrets = fs::OpenOptions::new().write(true).open(&slow).unwrap();
    let new = write(&path, long_ago());
    let (done, second) = channel();
    thread::spawn({
        let config = config.clone();
        move || done.send(files.reload(&config)).unwrap()
    });
    // It has to wait for the first one, so it is not waited for long.
    let early = second.recv_timeout(Duration::from_millis(300));
    io::Write::write_all(&mut secrets, &[b'a'; 64]).unwrap();
    drop(secrets);
    first.join().unwrap();
    let second = early.or_else(|_| second.recv_timeout(WITHIN));
    second.unwrap().unwrap();
    assert_eq!(config.chains(), [[new]]);
}

/// Network file systems, and mounts from another machine.
#[test]
fn where_the_system_tells_nothing_the_files_are_polled() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("combined.pem");
    write(&path, long_ago());
    let files = Files::new(&path, &path);
    let config = files.load().unwrap();
    let before = config.current();
    let (thread, woken) = mpsc::channel();
    let watched = Watched {
        digest: digest(&files),
        failed: false,
        events: Events {
            watcher: None,
            directories: BTreeSet::new(),
        },
        files,
        config: config.clone(),
    };
    let (tell, told) = channel();
    let poll = Duration::from_millis(20);
    let watch = Watch::start(thread, woken, poll, watched, move |outcome| {
        tell.send(outcome.is_ok()).unwrap();
    });
    write(&path, long_ago());
    assert!(told.recv_timeout(WITHIN).unwrap());
    assert!(!Arc::ptr_eq(&before, &config.current()));
    drop(watch);
    assert!(told.recv().is_err(), "the thread has ended");
}
