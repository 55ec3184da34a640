//! The development certificate: what is made, that it is kept, and when it is
//! replaced.
//!
//! The `openssl` command is asked for a second opinion.
#![cfg(all(feature = "generate", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod development;
mod handshake;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use oneport::tls::describe;
use oneport::tls::generate::{DevelopmentCertificate, Origin};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use time::OffsetDateTime;

use development::{leftovers, made, serves};

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
         the directory writable for this user, or use another one (`--data-dir`)"
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
