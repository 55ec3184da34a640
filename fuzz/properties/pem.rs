//! Certificate, key, CA, CRL and secrets files with any content: an error in
//! words, never a panic, and never any of a key's material.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use oneport::tls::{Files, describe, self_check};
use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

use super::input;

pub fn check(data: &[u8]) {
    let (content, mut choices) = input::split(data);
    let choice = choices.below(10);
    DIRECTORY.with(|directory| {
        let path = directory.path().join("fuzzed.pem");
        fs::write(&path, content).unwrap();
        read(&path, choice);
    });
    let der = CertificateDer::from(content);
    match describe::CertificateSummary::from_der(&der) {
        Ok(summary) => one_line(&summary.to_string()),
        Err(error) => judge(&error),
    }
    match describe::CrlSummary::from_der(&content.into()) {
        Ok(summary) => one_line(&summary.to_string()),
        Err(error) => judge(&error),
    }
}

thread_local! {
    static DIRECTORY: TempDir = tempfile::tempdir().unwrap();
}

fn read(fuzzed: &Path, choice: usize) {
    let good = |name: &str| KEPT.join(name);
    let (cert, key) = (good("server.crt"), good("server.key"));
    let files = match choice {
        0 | 1 => Files::new(fuzzed, fuzzed),
        2 => Files::new(fuzzed, &key),
        3 => Files::new(&cert, fuzzed),
        4 => Files::new(&cert, &key).client_ca(fuzzed),
        5 => Files::new(&cert, &key)
            .client_ca(fuzzed)
            .explain_client_auth(),
        6 => Files::new(&cert, &key)
            .client_ca(good("ca.crt"))
            .client_crl(fuzzed),
        7 => Files::new(&cert, &key).ticket_secrets(fuzzed),
        8 => Files::new(&cert, &key).and(fuzzed, &key),
        _ => Files::new(&cert, fuzzed).client_ca(good("ca.crt")),
    };
    // The seeds' certificates have to last.
    match files.accept_expired().load() {
        Ok(config) => {
            let report = self_check::run(&config, &["localhost"]);
            secret_free(&format!("{report:?}"));
            secret_free(&format!("{config:?}"));
        }
        Err(error) => judge(&error),
    }
    match describe::chain(fuzzed) {
        Ok(chain) => chain.iter().for_each(|it| one_line(&it.to_string())),
        Err(error) => judge(&error),
    }
    match describe::crls(fuzzed) {
        Ok(crls) => crls.iter().for_each(|it| one_line(&it.to_string())),
        Err(error) => judge(&error),
    }
}

/// An error in all its forms, and whatever is behind it.
fn judge(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        assert!(!text.is_empty());
        assert!(!text.contains(['\0', '\r', '\u{1b}']), "{text:?}");
        secret_free(&text);
        secret_free(&format!("{error:?}"));
        next = error.source();
    }
}

fn one_line(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// None of a seed key's material is in a text: as base64, as hexadecimal, or as
/// the numbers that `Debug` makes of bytes.
fn secret_free(text: &str) {
    // Shown without these by whoever breaks lines.
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.to_ascii_lowercase();
    for secret in SECRETS.iter() {
        assert!(!text.contains(secret.as_str()), "{text}");
    }
}

/// The seeds, which hold valid certificates and keys.
static KEPT: LazyLock<PathBuf> = LazyLock::new(|| {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The manifest is the fuzz package's own, or that of the crate around it.
    let seeds = ["seeds/pem", "fuzz/seeds/pem"].map(|below| here.join(below));
    seeds.into_iter().find(|it| it.is_dir()).unwrap()
});

/// Pieces of each key in the seeds, in the forms in which they could be shown.
static SECRETS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut secrets = Vec::new();
    for file in fs::read_dir(&*KEPT).unwrap() {
        let path = file.unwrap().path();
        let content = fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = String::from_utf8_lossy(&content);
        let is_secret = |line: &&str| line.len() >= 32 && !line.contains("-----");
        if name.ends_with(".key") {
            // From the middle: a key's beginning says only what kind it is.
            let lines: Vec<&str> = text.lines().filter(is_secret).collect();
            secrets.push(lines[lines.len() / 2][8..24].to_ascii_lowercase());
        } else if name.ends_with(".secrets") {
            let lines = text.lines().filter(is_secret);
            secrets.extend(lines.map(|line| line[8..24].to_ascii_lowercase()));
        } else if name.ends_with("-key.der") {
            let piece = &content[content.len() / 2..][..12];
            secrets.push(piece.iter().map(|b| format!("{b:02x}")).collect());
            secrets.push(piece.iter().map(|b| format!("{b},")).collect());
        }
    }
    assert!(secrets.len() >= 4, "{secrets:?}");
    secrets
});
