//! Client certificates from the CAs of the system, as `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name them.
//!
//! Both are the process's own and cannot be set within it (`set_var` is unsafe):
//! each test runs itself a second time, as a process of its own.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use authority::{Authority, Folder};
use caller::{Caller, Setup, VERSIONS, serve};
use oneport::Mode;
use oneport::tls::{ClientAuth, Files, TlsConfigError};
use rustls::AlertDescription;
use support::output_of;

/// Runs the test of this name with this environment and nothing else of its
/// kind.
#[track_caller]
fn again(test: &str, variable: &str, value: &Path) {
    let output = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .env(variable, value)
        .env(CHILD, variable)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{variable}: {said}{failed}");
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
    assert!(said.contains(&format!("child: {variable}")), "{said}");
}

/// Set in the second process.
const CHILD: &str = "ONEPORT_TEST_CHILD";

/// Whether this is the second process; the first one looks for the line.
#[allow(clippy::print_stdout)]
fn is_child() -> bool {
    let Ok(variable) = env::var(CHILD) else {
        return false;
    };
    println!("child: {variable}");
    true
}

/// Authorities as a system has them, in a file and in a directory that
/// `openssl rehash` has prepared.
struct System {
    folder: Folder,
}

impl System {
    async fn new(ca: &Authority) -> Self {
        let folder = Folder::new();
        folder.write("bundle.pem", &ca.pem);
        std::fs::create_dir(folder.path("certs")).unwrap();
        folder.write("certs/clients.pem", &ca.pem);
        output_of("openssl", &["rehash", &folder.argument("certs")]).await;
        let files = std::fs::read_dir(folder.path("certs")).unwrap();
        assert_eq!(files.count(), 2, "the file, and a link by its hash");
        Self { folder }
    }

    fn each(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("SSL_CERT_FILE", self.folder.path("bundle.pem")),
            ("SSL_CERT_DIR", self.folder.path("certs")),
        ]
    }
}

/// A server that trusts the system's CAs.
struct Handed {
    ca: Authority,
    files: Files,
    folder: Folder,
}

impl Handed {
    fn new() -> Self {
        let (ca, folder) = (Authority::new("servers"), Folder::new());
        folder.put("server", &ca.server(1));
        let files = folder.server_files().client_system_roots();
        Self { ca, files, folder }
    }

    /// A client whose CA is `from`'s.
    fn caller(&self, from: &Authority) -> Setup {
        let client = from.issue(1, &["client1"]);
        Setup::trusting(&self.ca).showing(&client)
    }
}

/// The CA's key goes to the second process in a file: it issues there.
fn store(folder: &Folder, ca: &Authority) {
    folder.write("bundle.key", ca.key_pem());
}

/// The authority that the variable names, and nobody else knows.
fn known() -> Authority {
    let place = env::var_os("SSL_CERT_FILE").or(env::var_os("SSL_CERT_DIR"));
    let place = PathBuf::from(place.unwrap());
    let folder = place.parent().unwrap();
    let read = |name| std::fs::read_to_string(folder.join(name)).unwrap();
    Authority::read(&read("bundle.pem"), &read("bundle.key"))
}

async fn run_again(test: &str) {
    let ca = Authority::new("known to the system");
    let system = System::new(&ca).await;
    store(&system.folder, &ca);
    for (variable, value) in system.each() {
        again(test, variable, &value);
    }
}

async fn unknown_ca(caller: Caller, addr: std::net::SocketAddr) {
    let alert = caller.refused(addr).await;
    assert_eq!(alert, AlertDescription::UnknownCA);
}

#[tokio::test]
async fn the_systems_cas_are_trusted() {
    if !is_child() {
        return run_again("the_systems_cas_are_trusted").await;
    }
    let here = Handed::new();
    let server = serve(&here.files.load().unwrap(), Mode::Dual).await;
    for version in VERSIONS {
        let known = here.caller(&known()).speaking(version).caller();
        known.call(server.addr).await.unwrap().served();
        let stranger = here.caller(&Authority::new("stranger")).speaking(version);
        unknown_ca(stranger.caller(), server.addr).await;
        let nobody = Setup::trusting(&here.ca).speaking(version).caller();
        let alert = nobody.refused(server.addr).await;
        assert_eq!(alert, AlertDescription::CertificateRequired);
    }
    // Only where it was asked for.
    let mine = Authority::new("mine");
    here.folder.write("mine.crt", &mine.pem);
    let files = here.folder.server_files();
    let files = files.client_ca(here.folder.path("mine.crt"));
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    unknown_ca(here.caller(&known()).caller(), server.addr).await;
}

#[tokio::test]
async fn the_systems_cas_beside_ones_own() {
    if !is_child() {
        return run_again("the_systems_cas_beside_ones_own").await;
    }
    let here = Handed::new();
    let mine = Authority::new("mine");
    here.folder.write("mine.crt", &mine.pem);
    here.folder.write("mine.crl", mine.crl(&[1]));
    let files = here.files.clone().client_ca(here.folder.path("mine.crt"));
    let optional = files.clone().client_auth(ClientAuth::Optional);
    for files in [&files, &optional] {
        let server = serve(&files.load().unwrap(), Mode::Dual).await;
        for ca in [&known(), &mine] {
            let caller = here.caller(ca).caller();
            caller.call(server.addr).await.unwrap().served();
        }
        let stranger = here.caller(&Authority::new("stranger"));
        unknown_ca(stranger.caller(), server.addr).await;
    }
    // Nobody has the lists of the system's CAs: they are not needed, and those
    // that are there count.
    let files = files.client_crl(here.folder.path("mine.crl"));
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    let caller = here.caller(&known()).caller();
    caller.call(server.addr).await.unwrap().served();
    let alert = here.caller(&mine).caller().refused(server.addr).await;
    assert_eq!(alert, AlertDescription::CertificateRevoked);
}

/// Minimal containers have no CAs, and a variable may lead to nothing. It was
/// "the TLS library does not accept the certificate in ", of a file without a
/// name; and beside a CA of one's own it was nothing at all.
#[test]
fn an_empty_store_is_an_error_that_says_so() {
    if !is_child() {
        let folder = Folder::new();
        folder.write("empty.pem", "");
        std::fs::create_dir(folder.path("empty")).unwrap();
        for (variable, value) in [
            ("SSL_CERT_FILE", "empty.pem"),
            ("SSL_CERT_FILE", "missing.pem"),
            ("SSL_CERT_DIR", "empty"),
        ] {
            let value = folder.path(value);
            again("an_empty_store_is_an_error_that_says_so", variable, &value);
        }
        return;
    }
    let here = Handed::new();
    here.folder.write("ca.crt", &here.ca.pem);
    let beside = here.files.clone().client_ca(here.folder.path("ca.crt"));
    for files in [here.files, beside] {
        let error = files.load().unwrap_err();
        assert!(
            matches!(error, TlsConfigError::NoSystemCas { .. }),
            "{error}"
        );
        let said = error.to_string();
        assert!(said.contains("SSL_CERT_FILE"), "{said}");
        assert!(said.contains(error.path().to_str().unwrap()), "{said}");
        assert!(!error.path().as_os_str().is_empty());
    }
}
