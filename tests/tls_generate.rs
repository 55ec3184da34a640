//! The development certificate: what is made, that it is kept, and what
//! happens to it when names, dates, files or processes get in its way.
//!
//! The `openssl` command is asked for a second opinion.
#![cfg(all(feature = "generate", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod handshake;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use oneport::tls::describe;
use oneport::tls::generate::{DevelopmentCertificate, GenerateError, Origin};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::version::{TLS12, TLS13};
use time::OffsetDateTime;

use handshake::{client, handshake};

fn made(dir: &Path, names: &[&str]) -> DevelopmentCertificate {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    DevelopmentCertificate::load_or_create(Some(dir), &names).unwrap()
}

/// A client that trusts the CA on disk gets through, by each of the names.
#[track_caller]
fn serves(made: &DevelopmentCertificate, names: &[&str]) {
    let ca = fs::read(made.ca_path()).unwrap();
    let config = made.tls_config().unwrap();
    let from_files = oneport::tls::load(made.cert_path(), made.key_path()).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"].iter().chain(names) {
        for version in [&TLS13, &TLS12] {
            let client = client(&ca, &[version]);
            handshake(&client, config.current(), name).unwrap();
            handshake(&client, from_files.current(), name).unwrap();
        }
    }
}

fn openssl(arguments: &[&str], dir: &Path) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(dir)
        .output()
        .expect("the openssl command is needed for this test");
    assert!(output.status.success(), "openssl {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_is_made_is_what_openssl_and_rustls_accept() {
    let dir = tempfile::tempdir().unwrap();
    let made = made(dir.path(), &["192.0.2.7", "dev.test", "*.dev.test"]);
    assert_eq!(made.origin(), Origin::Created);
    serves(&made, &["192.0.2.7", "dev.test", "www.dev.test"]);

    let verify = |options: &[&str]| {
        let arguments: Vec<_> = ["verify", "-x509_strict", "-purpose", "sslserver"]
            .into_iter()
            .chain(options.iter().copied())
            .chain(["-CAfile", "ca.crt", "server.crt"])
            .collect();
        assert_eq!(openssl(&arguments, dir.path()), "server.crt: OK\n");
    };
    for name in ["localhost", "dev.test", "www.dev.test"] {
        verify(&["-verify_hostname", name]);
    }
    for ip in ["127.0.0.1", "::1", "192.0.2.7"] {
        verify(&["-verify_ip", ip]);
    }

    let chain = describe::chain(made.cert_path()).unwrap();
    let [leaf, ca] = &chain[..] else {
        panic!("{chain:?}")
    };
    assert_eq!(leaf, made.summary());
    assert_eq!(
        leaf.names,
        [
            "localhost",
            "127.0.0.1",
            "::1",
            "192.0.2.7",
            "dev.test",
            "*.dev.test"
        ]
    );
    assert!(!leaf.is_ca && ca.is_ca);
    assert_eq!(leaf.issuer, ca.subject);
    assert_eq!(*ca, describe::leaf(made.ca_path()).unwrap());
    let now = SystemTime::now();
    assert!((85..=398).contains(&leaf.days_left(now)));
    assert!((3640..=3650).contains(&ca.days_left(now)));

    let text = openssl(
        &["x509", "-in", "server.crt", "-noout", "-text"],
        dir.path(),
    );
    for line in [
        "ASN1 OID: prime256v1",
        "X509v3 Authority Key Identifier",
        "TLS Web Server Authentication",
        "Digital Signature",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    let text = openssl(&["x509", "-in", "ca.crt", "-noout", "-text"], dir.path());
    for line in [
        "CA:TRUE, pathlen:0",
        "Certificate Sign",
        "X509v3 Subject Key Identifier",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    for key in ["ca.key", "server.key"] {
        let pem = fs::read_to_string(dir.path().join(key)).unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{key}");
    }
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new/dev-certs");
    let mode = |name: &str| {
        let mode = fs::metadata(dir.join(name)).unwrap().permissions().mode();
        mode & 0o777
    };
    made(&dir, &[]);
    assert_eq!(mode(""), 0o700);
    assert_eq!((mode("ca.key"), mode("server.key")), (0o600, 0o600));
    assert_eq!(
        (mode("ca.crt") | 0o644, mode("server.crt") | 0o644),
        (0o644, 0o644)
    );

    // A copy from elsewhere, or a careless chmod.
    for key in ["ca.key", "server.key"] {
        fs::set_permissions(dir.join(key), fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(made(&dir, &[]).origin(), Origin::Reused);
    assert_eq!(mode("server.key"), 0o600);
    assert_eq!(made(&dir, &["dev.test"]).origin(), Origin::Reissued);
    assert_eq!((mode("ca.key"), mode("server.key")), (0o600, 0o600));
}

#[test]
fn the_next_start_uses_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let first = made(dir.path(), &["dev.test"]);
    for names in [&["dev.test"][..], &[], &["DEV.test.", "0.0.0.0", "[::1]"]] {
        let again = made(dir.path(), names);
        assert_eq!(again.origin(), Origin::Reused);
        assert_eq!(again.summary(), first.summary());
        serves(&again, &["dev.test"]);
    }
    assert_eq!(leftovers(dir.path()), Vec::<String>::new());
}

#[test]
fn a_new_name_is_added_by_the_same_ca() {
    let dir = tempfile::tempdir().unwrap();
    let first = made(dir.path(), &["one.test"]);
    let ca = fs::read(first.ca_path()).unwrap();
    let second = made(dir.path(), &["two.test"]);
    assert_eq!(second.origin(), Origin::Reissued);
    assert_ne!(second.summary().serial, first.summary().serial);
    assert_eq!(fs::read(second.ca_path()).unwrap(), ca);
    // The first server's name is still there: the two do not take turns.
    serves(&second, &["one.test", "two.test"]);
    assert_eq!(made(dir.path(), &["one.test"]).origin(), Origin::Reused);
}

/// A leaf by the kept CA that ends in `days`.
fn replace_leaf(dir: &Path, days: i64) {
    let ca_key = KeyPair::from_pem(&fs::read_to_string(dir.join("ca.key")).unwrap()).unwrap();
    let ca_pem = fs::read_to_string(dir.join("ca.crt")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["localhost", "127.0.0.1", "::1"].map(ToOwned::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = OffsetDateTime::now_utc() - time::Duration::days(80);
    params.not_after = OffsetDateTime::now_utc() + time::Duration::days(days);
    let leaf = params.signed_by(&key, &issuer).unwrap();
    fs::write(dir.join("server.crt"), leaf.pem() + &ca_pem).unwrap();
    fs::write(dir.join("server.key"), key.serialize_pem()).unwrap();
}

#[test]
fn a_leaf_is_replaced_a_week_before_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    made(dir.path(), &[]);
    for (days, origin) in [
        (8, Origin::Reused),
        (6, Origin::Reissued),
        (-1, Origin::Reissued),
    ] {
        replace_leaf(dir.path(), days);
        let made = made(dir.path(), &[]);
        assert_eq!(made.origin(), origin, "{days} days");
        serves(&made, &[]);
    }
}

#[test]
fn a_ca_is_replaced_before_a_leaf_could_outlive_it() {
    let dir = tempfile::tempdir().unwrap();
    for (days, origin) in [(100, Origin::Reissued), (80, Origin::Created)] {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_after = OffsetDateTime::now_utc() + time::Duration::days(days);
        fs::write(dir.path().join("ca.key"), key.serialize_pem()).unwrap();
        fs::write(
            dir.path().join("ca.crt"),
            params.self_signed(&key).unwrap().pem(),
        )
        .unwrap();
        let made = made(dir.path(), &[]);
        assert_eq!(made.origin(), origin, "{days} days");
        serves(&made, &[]);
    }
}

#[test]
fn a_ca_of_your_own_is_used() {
    // Made as by the usual recipe: RSA, no key usage.
    let dir = tempfile::tempdir().unwrap();
    let recipe = "req -x509 -newkey rsa:2048 -nodes -subj /CN=MyLocalCA -days 3650 -keyout ca.key \
                  -out ca.crt";
    openssl(&recipe.split(' ').collect::<Vec<_>>(), dir.path());
    let ca = fs::read(dir.path().join("ca.crt")).unwrap();
    let made = made(dir.path(), &[]);
    assert_eq!(made.origin(), Origin::Reissued);
    assert_eq!(fs::read(made.ca_path()).unwrap(), ca);
    serves(&made, &[]);
    openssl(&["verify", "-CAfile", "ca.crt", "server.crt"], dir.path());
}

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

/// Everything but the five files that belong there.
fn leftovers(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            ![".lock", "ca.crt", "ca.key", "server.crt", "server.key"].contains(&name.as_str())
        })
        .collect();
    names.sort();
    names
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
        serves(&made, &[name]);
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

/// Every message, word for word. `DIR` is the directory.
#[test]
fn what_is_wrong_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let text = |path: &Path, names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let error = DevelopmentCertificate::load_or_create(Some(path), &names).unwrap_err();
        let mut text = error.to_string();
        let source = error.source().map(ToString::to_string);
        assert!(
            source.is_none_or(|source| !text.contains(&source)),
            "{text}"
        );
        text = text.replace(dir.path().to_str().unwrap(), "DIR");
        text
    };
    assert_eq!(
        text(dir.path(), &["https://dev.test"]),
        "\"https://dev.test\" is not a name that a certificate can have; expected a host name or \
         an IP address without scheme, port and path, with letters outside ASCII in their `xn--` \
         form"
    );
    assert_eq!(
        leftovers(dir.path()),
        Vec::<String>::new(),
        "nothing was made"
    );

    fs::write(dir.path().join("file"), "").unwrap();
    assert_eq!(
        text(&dir.path().join("file/certs"), &[]),
        "DIR/file/certs cannot be written, and the development certificate is kept there; make \
         the directory writable for this user, or use another one"
    );
    fs::create_dir_all(dir.path().join("odd/ca.crt")).unwrap();
    assert_eq!(
        text(&dir.path().join("odd"), &[]),
        "a file of the development certificate is there and cannot be used; make it readable, \
         remove it, or use another directory"
    );
}

/// Neither the certificate nor the errors of this module print a key.
#[test]
fn debug_shows_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let made = made(dir.path(), &[]);
    let key = fs::read_to_string(made.key_path()).unwrap();
    let debug = format!("{made:?}");
    assert!(debug.contains("[secret key elided]"), "{debug}");
    assert!(!debug.contains(key.lines().nth(1).unwrap()));
}
