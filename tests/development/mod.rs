//! A development certificate in a directory of the test.

use std::fs;
use std::path::Path;

use oneport::tls::TlsConfig;
use oneport::tls::generate::DevelopmentCertificate;
use rustls::version::{TLS12, TLS13};

use crate::handshake::{client, handshake};

pub(super) fn made(dir: &Path, names: &[&str]) -> DevelopmentCertificate {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    DevelopmentCertificate::load_or_create(Some(dir), &names).unwrap()
}

/// A client that trusts the CA on disk gets through, by each of the names.
#[track_caller]
pub(super) fn serves(made: &DevelopmentCertificate, names: &[&str]) {
    shakes_hands(made, &made.tls_config().unwrap(), names);
    let from_files = oneport::tls::load(made.cert_path(), made.key_path()).unwrap();
    shakes_hands(made, &from_files, names);
}

/// A client that trusts the CA accepts `config` under every name.
#[track_caller]
pub(super) fn shakes_hands(made: &DevelopmentCertificate, config: &TlsConfig, names: &[&str]) {
    let ca = fs::read(made.ca_path()).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"].iter().chain(names) {
        for version in [&TLS13, &TLS12] {
            let client = client(&ca, &[version]);
            handshake(&client, config.current(), name).unwrap();
        }
    }
}

/// Everything but the five files that belong there.
pub(super) fn leftovers(dir: &Path) -> Vec<String> {
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
